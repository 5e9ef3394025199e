"""What the dead letters' pages may be asked for."""

from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from shared_apps.deliveries.services.batches import AT_ONCE
from tenants.ids import parse_id

SIZE = 50
# Why somebody discards dead letters, as they choose it.
WHY: dict[str, str | Promise] = {
    "told_otherwise": _("They were told in another way"),
    "no_longer_true": _("It is no longer true or no longer matters"),
    "wrong_address": _("The address is wrong and the school knows"),
    "sent_twice": _("It was sent already"),
}


@dataclass(frozen=True)
class Cause:
    """A cause as an address names it. `handler` empty: everything."""

    handler: str = ""
    reason: str = ""
    after: UUID | None = None

    @classmethod
    def read(cls, query: QueryDict) -> "Cause":
        handler = _storable(query.get("handler", "")[:60])
        return cls(handler, _storable(query.get("reason", "")[:120]), parse_id(query.get("after", "")))

    def address(self, after: UUID | None = None) -> str:
        named = {"handler": self.handler, "reason": self.reason, "after": after}
        return f"?{urlencode({name: value for name, value in named.items() if value is not None})}"


def chosen(post: QueryDict) -> list[UUID] | None:
    """The letters somebody ticked; None when the whole cause was meant. What is no id is nobody's letter."""
    if post.get("which") != "chosen":
        return None
    found = (parse_id(text) for text in post.getlist("letter")[:AT_ONCE])
    return [one for one in found if one]


def _storable(text: str) -> str:
    return "".join(letter for letter in text if letter != "\0" and not "\ud800" <= letter <= "\udfff")
