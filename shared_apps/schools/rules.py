"""What can be decided about the directory without asking anybody: the place in a list, a word to look for."""

import base64
import binascii
import json
import unicodedata
from dataclasses import dataclass
from uuid import UUID

ACCENTS = range(0x0300, 0x0370)
LONGEST_CURSOR = 1200


def folded(text: str) -> str:
    """Lower case without accents, as the database folds names before it looks for `text` in them."""
    parts = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in parts if ord(letter) not in ACCENTS).lower()


def grams(word: str) -> list[str]:
    """Every three letters in a row; none for a shorter word."""
    return sorted({word[start : start + 3] for start in range(len(word) - 2)})


@dataclass(frozen=True)
class Place:
    """A place in the list: right behind (or before) the school with this folded name and id."""

    name: str
    id: UUID

    def cursor(self) -> str:
        told = json.dumps([self.name, str(self.id)]).encode()
        return base64.urlsafe_b64encode(told).decode().rstrip("=")


def read_cursor(text: str) -> Place | None:
    """The place in a cursor; None for anything `Place.cursor` did not write."""
    if len(text) > LONGEST_CURSOR:
        return None
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        name, key = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True).decode())
        found = UUID(key)
        name.encode()  # half of a surrogate pair cannot be looked for
    except (UnicodeError, binascii.Error, ValueError, TypeError, AttributeError, RecursionError):
        return None
    return None if "\0" in name else Place(name, found)
