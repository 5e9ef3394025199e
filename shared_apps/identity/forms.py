"""What the pages about oneself ask for."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from shared_apps.identity.services.passwords import SHORTEST
from tenants.problems import Refusal


def storable(value: str) -> None:
    """Refuse lone surrogates, which PostgreSQL cannot hold (Django itself refuses NUL)."""
    if any("\ud800" <= letter <= "\udfff" for letter in value):
        raise ValidationError(_("This holds characters that cannot be stored."), code="unstorable")


class Form(forms.Form):
    """Errors of a refusal become errors of the form, and a wrong field says so to a screen reader."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        self.use_required_attribute = False

    def refuse(self, refusal: Refusal, **messages: str) -> None:
        """Show `refusal`; `messages` words it by code."""
        if not refusal.errors:
            self.add_error(None, messages.get(refusal.code, refusal.detail))
        for error in refusal.errors:
            field = error.field if error.field in self.fields else None
            self.add_error(field, messages.get(error.code, error.message))


class SignInForm(Form):
    email = forms.CharField(
        label=_("Email address"), max_length=254, validators=[storable],
        widget=forms.TextInput(attrs={
            "type": "email", "autocomplete": "username", "inputmode": "email", "autocapitalize": "none",
            "spellcheck": "false",
        }),
    )  # fmt: skip
    password = forms.CharField(
        label=_("Password"), max_length=1000, strip=False, validators=[storable],
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )  # fmt: skip
    school = forms.SlugField(max_length=63, required=False, widget=forms.HiddenInput)


class ForgottenForm(Form):
    email = forms.EmailField(
        label=_("Email address"), max_length=254, validators=[storable],
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )  # fmt: skip


class NewPasswordForm(Form):
    new = forms.CharField(
        label=_("New password"), max_length=1000, strip=False, validators=[storable],
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        hint = _("At least %(number)s characters. A few words in a row are easy to remember and hard to guess.")
        self.fields["new"].help_text = hint % {"number": SHORTEST}


class PasswordForm(NewPasswordForm):
    current = forms.CharField(
        label=_("Current password"), max_length=1000, strip=False, validators=[storable],
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )  # fmt: skip
    field_order = ("current", "new")


class AppearanceForm(Form):
    theme = forms.ChoiceField(
        label=_("Theme"), required=False, widget=forms.RadioSelect,
        choices=[
            ("", pgettext_lazy("theme", "System")), ("light", pgettext_lazy("theme", "Light")),
            ("dark", pgettext_lazy("theme", "Dark")), ("contrast", pgettext_lazy("theme", "High contrast")),
        ],
    )  # fmt: skip
    text = forms.ChoiceField(
        label=_("Text size"), required=False, widget=forms.RadioSelect,
        choices=[
            ("", pgettext_lazy("text size", "Normal")), ("large", pgettext_lazy("text size", "Large")),
            ("larger", pgettext_lazy("text size", "Larger")),
        ],
    )  # fmt: skip
    keys = forms.ChoiceField(
        label=_("Single-key shortcuts"), required=False, widget=forms.RadioSelect,
        choices=[("", pgettext_lazy("shortcuts", "On")), ("off", pgettext_lazy("shortcuts", "Off"))],
    )  # fmt: skip


class LanguageForm(Form):
    language = forms.ChoiceField(
        label=_("Language"), required=False, widget=forms.RadioSelect,
        choices=[("", _("Use school default")), ("en", "English"), ("af", "Afrikaans"), ("zu", "isiZulu")],
    )  # fmt: skip
