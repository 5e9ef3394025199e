"""What the pages of the directory take: the list's address, and the forms that change a school."""

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import QueryDict
from django.utils.html import escape, format_html
from django.utils.translation import gettext_lazy as _

from shared_apps.identity.forms import Form, storable
from shared_apps.schools.services.directory import STATES, Sought

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
        label=_("Reason"), max_length=500, validators=[storable], widget=forms.Textarea(attrs={"rows": "2"}),
        help_text=_("Kept in this platform’s history and in the school’s own. Name no learner and no guardian."),
    )  # fmt: skip

    def __init__(self, *args: Any, school_name: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["confirm_name"].label = format_html(
            escape(_("Type this to confirm: {name}")), name=format_html("<em>{}</em>", school_name)
        )


class ReactivateForm(Form):
    reason = forms.CharField(
        label=_("Reason (optional)"), max_length=500, required=False, validators=[storable],
        widget=forms.Textarea(attrs={"rows": "2"}),
    )  # fmt: skip


class DirectoryForm(Form):
    """A school's entry in the directory. `seen` marks what was shown."""

    seen = forms.CharField(max_length=64, widget=forms.HiddenInput)
    name = forms.CharField(label=_("Name"), max_length=200, validators=[storable])
    slug = forms.CharField(
        label=_("Workspace address"), max_length=63, validators=[storable],
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"}),
        help_text=_("Small letters, digits and hyphens. An old address stays with this school and leads to no other."),
    )  # fmt: skip
    timezone = forms.CharField(
        label=_("Timezone"), max_length=64, validators=[storable],
        widget=forms.TextInput(attrs={"list": "zones", "autocapitalize": "none", "spellcheck": "false"}),
        help_text=_("As in Africa/Johannesburg."),
    )  # fmt: skip
    region = forms.CharField(
        label=_("Region"), max_length=64, required=False, validators=[storable],
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
        help_text=_("A code as in ZA-GP or ZA-GP-tshwane. It decides which regional admins see the school."),
    )  # fmt: skip

    def clean_name(self) -> str:
        return " ".join(str(self.cleaned_data["name"]).split())


class SchoolForm(Form):
    """What the school keeps itself. `seen` marks what was shown."""

    seen = forms.CharField(max_length=64, widget=forms.HiddenInput)
    close_time = forms.TimeField(
        label=_("Campus close time"), widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        input_formats=["%H:%M"], help_text=_("A departure after it is a late pickup."),
    )  # fmt: skip
    default_language = forms.ChoiceField(
        label=_("Default language"), choices=[("en", "English"), ("af", "Afrikaans"), ("zu", "isiZulu")]
    )

    def clean_close_time(self) -> str:
        return f"{self.cleaned_data['close_time']:%H:%M}"


class AdminForm(Form):
    """Who of a school's admins is to be helped, by the address they tell."""

    email = forms.CharField(
        label=_("The admin’s email address"), max_length=254, validators=[storable],
        widget=forms.TextInput(attrs={
            "type": "email", "inputmode": "email", "autocomplete": "off", "autocapitalize": "none",
            "spellcheck": "false",
        }),
        help_text=_("Ask the person for it. The platform keeps no addresses and cannot look it up."),
    )  # fmt: skip
