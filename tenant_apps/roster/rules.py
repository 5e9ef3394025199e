"""Where a page of a long list begins, pure: an opaque cursor that is checked before anything believes it."""

import base64
import binascii
import json
from dataclasses import dataclass
from uuid import UUID

LONGEST_CURSOR = 1200


@dataclass(frozen=True)
class After:
    """The last learner of the page before: lower-case names as the database sorts them, then the id."""

    family_name: str
    given_name: str
    id: UUID

    def cursor(self) -> str:
        text = json.dumps([self.family_name, self.given_name, str(self.id)], ensure_ascii=False)
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(text: str) -> After | None:
    """The place a cursor names; None for anything `After.cursor` did not write."""
    if len(text) > LONGEST_CURSOR:
        return None
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        family, given, key = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True).decode())
        found = UUID(key)
    except (UnicodeError, binascii.Error, ValueError, TypeError, AttributeError, RecursionError):
        return None
    if not isinstance(family, str) or not isinstance(given, str) or not _storable(family + given):
        return None
    return After(family, given, found)


def _storable(text: str) -> bool:
    """Whether PostgreSQL could hold it: no NUL, no half of a surrogate pair."""
    return not any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in text)
