"""What the pages about access ask for."""

from typing import Any

from django import forms
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from shared_apps.identity.forms import Form, storable
from shared_apps.regions.services import Group, choices

ROLES = (
    ("local_operator", _("Local operator: looks after certain schools")),
    ("school_admin", _("School admin: runs one school that is here already")),
    ("new_school", _("School admin of a new school: it is onboarded now, with this person as its first admin")),
    ("regional_admin", _("Regional admin: answers for a region and decides its requests")),
    ("operator", _("Operator: staff of the platform, for every school")),
    ("finance", _("Finance: the monthly counts alone")),
    ("super_admin", _("Super admin: everything; a second super admin has to agree")),
)

GIVEN = {  # what a role is called once somebody has it
    "local_operator": _("Local operator"), "school_admin": _("School admin"), "regional_admin": _("Regional admin"),
    "operator": _("Operator"), "finance": _("Finance"), "super_admin": _("Super admin"),
}  # fmt: skip

BECAME = {  # of the new school somebody was approved for
    "cancelled": _("Onboarding cancelled"), "failed": _("Onboarding failed"),
    "left_out": _("The school has another admin"), "": "",
}  # fmt: skip


WHY = {  # of `rules.WHY_TAKEN`
    "left": _("They left, or their work changed"), "mistake": _("It was given by mistake"),
    "unused": _("They do not need it any more"), "misused": _("It was misused"),
}  # fmt: skip


def _grouped(places: list[Group]) -> list[Group]:
    return [(name or str(_("Other countries")), entries) for name, entries in places]


class AskForm(Form):
    full_name = forms.CharField(
        label=_("Full name"), max_length=120, validators=[storable],
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )  # fmt: skip
    work_email = forms.EmailField(
        label=_("Work email address"), max_length=254, validators=[storable],
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autocapitalize": "none", "spellcheck": "false"}),
    )  # fmt: skip
    organization = forms.CharField(
        label=_("Organisation"), max_length=160, validators=[storable],
        help_text=_("Your school, district office or company."),
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )  # fmt: skip
    region = forms.ChoiceField(label=pgettext_lazy("place", "Region"))
    reason = forms.CharField(
        label=_("Reason"), max_length=1000, validators=[storable],
        help_text=_("What you need to do here, and for which schools."), widget=forms.Textarea(attrs={"rows": 4}),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places = _grouped(choices(get_language() or "en"))
        self.fields["region"].choices = [("", _("Choose a region")), *places]  # type: ignore[attr-defined]


class RejectForm(Form):
    reason = forms.CharField(
        label=_("Reason"), max_length=1000, validators=[storable], widget=forms.Textarea(attrs={"rows": 3})
    )
    notify = forms.BooleanField(label=_("Email this reason to the person"), required=False, initial=True)


class TakeForm(Form):
    reason = forms.ChoiceField(
        label=_("Reason"), choices=[("", _("Choose a reason")), *WHY.items()],
        error_messages=dict.fromkeys(("required", "invalid_choice"), _("Choose a reason from the list.")),
    )  # fmt: skip


class PlaceForm(Form):
    parent = forms.ChoiceField(label=_("Lies in"))
    word = forms.RegexField(
        r"^[a-z][a-z0-9]{0,30}$", label=_("Short word"), max_length=31,
        help_text=_("Lower-case letters and digits, for example tshwane. It cannot be changed later."),
        error_messages={"invalid": _("Use lower-case letters and digits alone, and start with a letter.")},
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"}),
    )  # fmt: skip
    name_en = forms.CharField(label=_("Name in English"), max_length=120, validators=[storable])
    name_af = forms.CharField(label=_("Name in Afrikaans"), max_length=120, validators=[storable], required=False)
    name_zu = forms.CharField(label=_("Name in isiZulu"), max_length=120, validators=[storable], required=False)

    def __init__(self, *args: Any, places: list[Group], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parent"].choices = _grouped(places)  # type: ignore[attr-defined]

    def names(self) -> dict[str, str]:
        return {language: self.cleaned_data[f"name_{language}"] for language in ("en", "af", "zu")}
