"""What the pages about schools ask: for a new one, in the list's address, and where a school is changed."""

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode
from zoneinfo import available_timezones

from django import forms
from django.forms.utils import flatatt
from django.http import QueryDict
from django.utils.html import escape, format_html, format_html_join
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from shared_apps.groups.models import Circle
from shared_apps.identity.forms import Form, storable
from shared_apps.identity.services.passwords import SHORTEST
from shared_apps.regions.services import choices
from shared_apps.schools.services import onboarding_answers
from shared_apps.schools.services.directory import STATES, Sought
from shared_apps.schools.services.onboarding_answers import CLOSE, ZONE, Answers
from tenants.problems import Refusal

# Where a fault of the answers is shown.
PLACES = {
    "school.name": "name", "school.timezone": "timezone", "school.close_time": "close_time", "school.region": "region",
    "school.group": "circle",
    **{f"{who}.{what}": f"{who}_{what}" for who in ("admin", "officer") for what in ("name", "email", "password")},
}  # fmt: skip


class Suggest(forms.TextInput):
    """A text field with suggestions: typing goes on working without them."""

    def __init__(self, suggestions: dict[str, str], **attrs: str) -> None:
        self.suggestions = suggestions
        super().__init__(attrs={"autocomplete": "off", "spellcheck": "false", **attrs})

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> Any:
        listed = f"{name}-suggestions"
        options = format_html_join("", '<option value="{}">{}</option>', self.suggestions.items())
        field = super().render(name, value, {**(attrs or {}), "list": listed}, renderer)
        return format_html("{}<datalist{}>{}</datalist>", field, flatatt({"id": listed}), options)


def zones() -> dict[str, str]:
    """Africa first; the old names without a place are left out."""
    named = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "posix")))
    return {zone: "" for zone in sorted(named, key=lambda zone: (not zone.startswith("Africa/"), zone))}


def _text(label: Any, longest: int, **attrs: str) -> forms.CharField:
    return forms.CharField(
        label=label, max_length=longest, required=False, validators=[storable], widget=forms.TextInput(attrs=attrs)
    )


def _address() -> forms.CharField:
    kind = {"type": "email", "autocomplete": "off", "inputmode": "email", "autocapitalize": "none"}
    return _text(gettext_lazy("Email address"), 254, **kind)


def _password() -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("Temporary password"), max_length=1000, required=False, strip=False, validators=[storable],
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("Leave blank to generate a link with which the person chooses a password."),
    )  # fmt: skip


class SchoolForm(Form):
    """School, first admin, first officer."""

    name = _text(gettext_lazy("School name"), 200, autocomplete="off")
    timezone = forms.CharField(
        label=gettext_lazy("Time zone"), max_length=64, required=False, initial=ZONE, validators=[storable],
        widget=Suggest(zones()),
    )  # fmt: skip
    close_time = _text(gettext_lazy("Campus close time"), 5, autocomplete="off", placeholder="17:00")
    region = forms.ChoiceField(
        label=gettext_lazy("Region"), required=False,
        help_text=gettext_lazy("It decides which regional admins see the school."),
    )  # fmt: skip
    circle = forms.ChoiceField(label=gettext_lazy("Group of schools"), required=False)
    admin_name = _text(gettext_lazy("Name"), 201, autocomplete="off")
    admin_email = _address()
    admin_password = _password()
    officer_name = _text(gettext_lazy("Name"), 201, autocomplete="off")
    officer_email = _address()
    officer_password = _password()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["close_time"].initial = CLOSE
        self.fields["close_time"].help_text = _("Hours and minutes. Whoever is collected later counts as late pickup.")
        places = [(country or _("Other countries"), entries) for country, entries in choices(get_language() or "en")]
        self.fields["region"].choices = [("", _("No region")), *places]  # type: ignore[attr-defined]
        self.circles = [(str(one.id), one.name) for one in Circle.objects.order_by("name")]
        self.fields["circle"].choices = [("", _("No group")), *self.circles]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        name, email = told.get("officer_name"), told.get("officer_email")
        if bool(name) != bool(email) or (told.get("officer_password") and not (name or email)):
            empty = "officer_name" if not name else "officer_email"
            self.add_error(empty, _("Fill in both the name and the address of the officer, or leave both blank."))
        return told

    def answers(self) -> Answers | None:
        """The checked answers, or None with every fault shown at its field."""
        if not self.is_valid():
            return None
        told = self.cleaned_data
        try:
            return onboarding_answers.checked(
                name=told["name"], timezone=told["timezone"], close_time=told["close_time"],
                region=told["region"], circle=told["circle"], admin=self._person("admin"),
                officer=self._person("officer") if told["officer_email"] else None,
            )  # fmt: skip
        except Refusal as refusal:
            self._place(refusal)
            return None

    def _person(self, who: str) -> dict[str, str]:
        return {what: self.cleaned_data[f"{who}_{what}"] for what in ("name", "email", "password")}

    def _place(self, refusal: Refusal) -> None:
        words = {
            "too_short": _("Use at least %(number)s characters.") % {"number": SHORTEST},
            "too_simple": _("Use more different characters."),
        }
        for error in refusal.errors:
            self.add_error(PLACES[error.field], words.get(error.code, error.message))


def initial(answers: Answers) -> dict[str, str]:
    """What the form shows of answers given before. Passwords are never shown again."""
    told = {
        "name": answers.name, "timezone": answers.timezone, "close_time": answers.close_time,
        "region": answers.region, "circle": answers.circle,
        "admin_name": answers.admin.name, "admin_email": answers.admin.email,
    }  # fmt: skip
    if answers.officer:
        told |= {"officer_name": answers.officer.name, "officer_email": answers.officer.email}
    return told


# -- the directory -----------------------------------------------------------------------------------------------------

SIZES = (25, 50, 100)


@dataclass(frozen=True)
class ListQuery:
    """The state of the list as its address carries it; anything else is read as the first choice."""

    state: str = "all"
    search: str = ""
    size: int = SIZES[0]
    after: str = ""
    before: str = ""

    @classmethod
    def read(cls, query: QueryDict) -> "ListQuery":
        state, size = query.get("state", ""), query.get("size", "")
        search = "".join(letter for letter in query.get("search", "")[:100] if letter.isprintable())
        return cls(
            state=state if state in STATES else "all",
            search=" ".join(search.split()),
            size=int(size) if size in map(str, SIZES) else SIZES[0],
            after=query.get("after", "")[:1200],
            before=query.get("before", "")[:1200],
        )

    @property
    def sought(self) -> Sought:
        return Sought(self.state, self.search)

    def address(self, **changed: object) -> str:
        """The list under another choice; another choice begins on its first page."""
        other = replace(self, **{"after": "", "before": "", **changed})  # type: ignore[arg-type]
        plain = {"state": "all", "search": "", "size": SIZES[0], "after": "", "before": ""}
        return f"?{urlencode({name: value for name, value in vars(other).items() if value != plain[name]})}"


class SuspendForm(Form):
    confirm_name = forms.CharField(
        max_length=200, strip=False, validators=[storable],
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )  # fmt: skip
    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=500, validators=[storable], widget=forms.Textarea(attrs={"rows": "2"}),
        help_text=gettext_lazy(
            "Kept in this platform’s history and in the school’s own. Name no learner and no guardian."
        ),
    )  # fmt: skip

    def __init__(self, *args: Any, school_name: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["confirm_name"].label = format_html(
            escape(gettext_lazy("Type this to confirm: {name}")), name=format_html("<em>{}</em>", school_name)
        )


class ReactivateForm(Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason (optional)"), max_length=500, required=False, validators=[storable],
        widget=forms.Textarea(attrs={"rows": "2"}),
    )  # fmt: skip


class DirectoryForm(Form):
    """A school's entry in the directory. `seen` marks what was shown."""

    seen = forms.CharField(max_length=64, widget=forms.HiddenInput)
    name = forms.CharField(label=gettext_lazy("Name"), max_length=200, validators=[storable])
    slug = forms.CharField(
        label=gettext_lazy("Workspace address"), max_length=63, validators=[storable],
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"}),
        help_text=gettext_lazy(
            "Small letters, digits and hyphens. An old address stays with this school and leads to no other."
        ),
    )  # fmt: skip
    timezone = forms.CharField(
        label=gettext_lazy("Timezone"), max_length=64, validators=[storable],
        widget=forms.TextInput(attrs={"list": "zones", "autocapitalize": "none", "spellcheck": "false"}),
        help_text=gettext_lazy("As in Africa/Johannesburg."),
    )  # fmt: skip
    region = forms.CharField(
        label=gettext_lazy("Region"), max_length=64, required=False, validators=[storable],
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
        help_text=gettext_lazy("A code as in ZA-GP or ZA-GP-tshwane. It decides which regional admins see the school."),
    )  # fmt: skip

    def clean_name(self) -> str:
        return " ".join(str(self.cleaned_data["name"]).split())


class OwnForm(Form):
    """What the school keeps itself. `seen` marks what was shown."""

    seen = forms.CharField(max_length=64, widget=forms.HiddenInput)
    close_time = forms.TimeField(
        label=gettext_lazy("Campus close time"), widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        input_formats=["%H:%M"], help_text=gettext_lazy("A departure after it is a late pickup."),
    )  # fmt: skip
    default_language = forms.ChoiceField(
        label=gettext_lazy("Default language"), choices=[("en", "English"), ("af", "Afrikaans"), ("zu", "isiZulu")]
    )

    def clean_close_time(self) -> str:
        return f"{self.cleaned_data['close_time']:%H:%M}"


class AdminForm(Form):
    """Who of a school's admins and first officers is to be helped, by the address they tell."""

    email = forms.CharField(
        label=gettext_lazy("The person’s email address"), max_length=254, validators=[storable],
        widget=forms.TextInput(attrs={
            "type": "email", "inputmode": "email", "autocomplete": "off", "autocapitalize": "none",
            "spellcheck": "false",
        }),
        help_text=gettext_lazy("Ask the person for it. The platform keeps no addresses and cannot look it up."),
    )  # fmt: skip
