"""What somebody says who closes a month without some schools."""

from typing import Any

from django import forms
from django.utils.html import escape, format_html
from django.utils.translation import gettext_lazy

from shared_apps.identity.forms import Form, storable


class CloseForm(Form):
    """How many schools are left out, typed as they were seen, and why."""

    schools = forms.IntegerField(
        min_value=1, max_value=1_000_000, widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=500, validators=[storable], widget=forms.Textarea(attrs={"rows": "2"}),
        help_text=gettext_lazy("Kept in this platform’s history. Name no learner and no guardian."),
    )  # fmt: skip

    def __init__(self, *args: Any, number: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["schools"].label = format_html(
            escape(gettext_lazy("Type this to confirm: {name}")), name=format_html("<em>{}</em>", number)
        )
