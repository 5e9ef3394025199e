"""What can be said about schools without asking anybody: an address, a region, hours, a place in the list."""

import base64
import binascii
import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import time
from uuid import UUID

STEM = 5  # letters of a word that names of the same school are likely to share
LONGEST_SLUG = 50  # room for a number behind it
CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
COMMON = {
    "the", "of", "and", "school", "skool", "primary", "secondary", "high", "academy", "college", "combined", "junior",
    "senior", "laerskool", "hoerskool", "isikole", "st", "saint",
}  # fmt: skip


def plain(text: str) -> str:
    """Lower case, without accents."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in parts if not unicodedata.combining(letter))


def slug_of(name: str) -> str:
    """`Hoërskool Karoorand` -> `hoerskool-karoorand`; `school` for a name without a letter we can write."""
    words = re.findall(r"[a-z0-9]+", plain(name).replace("'", "").replace("\u2019", ""))
    slug = "-".join(words)[:LONGEST_SLUG].strip("-")
    return slug or "school"


def free_slug(base: str, taken: Set[str]) -> str:
    """`base`, or `base-2`, `base-3` and so on."""
    number = 1
    while (slug := base if number == 1 else f"{base}-{number}") in taken:
        number += 1
    return slug


def telling_words(name: str) -> list[str]:
    """The words of a school's name that tell it from others, the longest first."""
    words = {word for word in re.findall(r"[a-z0-9]+", plain(name)) if word not in COMMON and len(word) > 2}
    return sorted(words, key=lambda word: (-len(word), word))


def clock(text: str) -> time | None:
    """`17:00` as a time, or None."""
    return time(int(text[:2]), int(text[3:])) if CLOCK.fullmatch(text) else None


def two_names(name: str) -> tuple[str, str]:
    """Given name and the rest. Some people have one name only."""
    given, _, family = " ".join(name.split()).partition(" ")
    return given, family


# -- the directory -----------------------------------------------------------------------------------------------------

ACCENTS = range(0x0300, 0x0370)
LONGEST_CURSOR = 1200


def folded(text: str) -> str:
    """Lower case without accents, as the database folds names before it looks for `text` in them."""
    parts = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in parts if ord(letter) not in ACCENTS).lower()


def grams(word: str) -> list[str]:
    """Every three letters in a row; none for a shorter word."""
    return sorted({word[start : start + 3] for start in range(len(word) - 2)})


SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
SHORTEST_ADDRESS, LONGEST_ADDRESS = 3, 63
# Words that are, or may one day be, addresses of the product itself; a school may not look like it.
RESERVED = frozenset({
    "about", "access", "account", "accounts", "admin", "administrator", "api", "app", "apps", "assets", "audit", "auth",
    "badge", "badges", "billing", "blog", "console", "contact", "demo", "dev", "docs", "email", "favicon",
    "forgot-password", "group", "groups", "guardian", "guardians", "health", "healthz", "help", "home", "icons",
    "import", "imports", "login", "logout", "mail", "manage", "media", "metrics", "mysentinel", "new", "null",
    "onboarding", "onboardings", "operator", "ops", "owner", "password", "platform", "privacy", "public", "readyz",
    "register", "request-access", "root", "school", "schools", "security", "sentinel", "set-password", "settings",
    "sign-in", "sign-out", "signup", "static", "status", "suggestions", "support", "system", "teacher", "teachers",
    "terms", "test", "undefined", "user", "users", "verify", "webhook", "webhooks", "www",
})  # fmt: skip


def fault_in_slug(slug: str) -> str:
    """Why `slug` can be no workspace address: `malformed`, `length`, `reserved`; "" for a good one."""
    if not SLUG.fullmatch(slug):
        return "malformed"
    if not SHORTEST_ADDRESS <= len(slug) <= LONGEST_ADDRESS:
        return "length"
    return "reserved" if slug in RESERVED else ""


def mark_of(values: Mapping[str, str]) -> str:
    """A short mark of what somebody was shown, to tell whether it changed before they saved."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


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
