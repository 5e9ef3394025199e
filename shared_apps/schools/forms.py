"""What the page for a new school asks."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shared_apps.groups.models import Circle
from shared_apps.identity.forms import Form, storable
from shared_apps.identity.services.passwords import SHORTEST
from shared_apps.schools.services import onboarding_answers
from shared_apps.schools.services.onboarding_answers import CLOSE, ZONE, Answers
from tenants.problems import Refusal

PROVINCES = {
    "ZA-EC": "Eastern Cape", "ZA-FS": "Free State", "ZA-GP": "Gauteng", "ZA-KZN": "KwaZulu-Natal", "ZA-LP": "Limpopo",
    "ZA-MP": "Mpumalanga", "ZA-NC": "Northern Cape", "ZA-NW": "North West", "ZA-WC": "Western Cape",
}  # fmt: skip
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
        help_text=gettext_lazy("Leave blank to generate"),
    )  # fmt: skip


class SchoolForm(Form):
    """School, first admin, first officer."""

    name = _text(gettext_lazy("School name"), 200, autocomplete="off")
    timezone = forms.CharField(
        label=gettext_lazy("Time zone"), max_length=64, required=False, initial=ZONE, validators=[storable],
        widget=Suggest(zones()),
    )  # fmt: skip
    close_time = _text(gettext_lazy("Campus close time"), 5, autocomplete="off", placeholder="17:00")
    region = forms.CharField(
        label=gettext_lazy("Region"), max_length=64, required=False, validators=[storable],
        widget=Suggest(PROVINCES, autocapitalize="characters"),
        help_text=gettext_lazy("Its code, for example ZA-GP for Gauteng. May stay blank."),
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
