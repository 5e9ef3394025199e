"""What can be said about schools without asking anybody: an address, a region, hours, a place in the list."""

import base64
import binascii
import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from difflib import SequenceMatcher
from enum import StrEnum
from uuid import UUID

STEM = 5  # letters of a word that names of the same school are likely to share
LONGEST_SLUG = 50  # room for a number behind it
BELL = time(8)  # of a new school, until it says otherwise
CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
# Words of schools' names that say what kind of school it is, in three languages; without accents.
COMMON = {
    "the", "of", "and", "for", "school", "primary", "secondary", "high", "academy", "college", "combined", "junior",
    "senior", "preparatory", "prep", "intermediate", "independent", "private", "public", "st", "saint",
    "die", "van", "vir", "skool", "laerskool", "hoerskool", "primere", "sekondere", "akademie", "kollege",
    "gekombineerde", "voorbereidingskool", "privaatskool", "privaat", "sint",
    "isikole", "samabanga", "aphansi", "aphakeme", "esiphakeme", "sebanga", "lamabanga", "eliphansi", "eliphakeme",
    "ikolishi", "akhademi",
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


def likeness(one: str, other: str) -> float:
    """Of two names, from 0 to 1. `Laerskool Greenfield` and `Greenfield Primary` are told by the same word: 1."""
    words = telling_words(one)
    if words and words == telling_words(other):
        return 1.0
    return SequenceMatcher(None, plain(one), plain(other)).ratio()


def clock(text: str) -> time | None:
    """`17:00` as a time, or None."""
    return time(int(text[:2]), int(text[3:])) if CLOCK.fullmatch(text) else None


def closes_after(bell: time, close: time | None) -> bool:
    """Whether a campus that begins at `bell` can close then. What is no time is no fault of this kind."""
    return close is None or close > bell


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


# -- the first thirty days ---------------------------------------------------------------------------------------------

DAY = timedelta(days=1)
# What a new school should have done, and how long after it went live.
DEADLINES = {"class": 3 * DAY, "roster": 3 * DAY, "scan": 7 * DAY, "delivery": 14 * DAY}


@dataclass(frozen=True)
class Timer:
    """A letter of the first thirty days: when it is due, how late it may still go, and what makes it needless.

    After an outage at most one letter goes, because none may be so late that the next one is due, too.
    """

    name: str
    after: timedelta
    late: timedelta
    milestone: str = ""


DRIP = (
    # Whoever hands the first passwords over has a quarter of an hour to do it first.
    Timer("welcome", timedelta(minutes=15), 2 * DAY),
    Timer("roster", 3 * DAY, 3 * DAY, "roster"),
    Timer("scan", 7 * DAY, 5 * DAY, "scan"),
    Timer("delivery", 14 * DAY, 10 * DAY, "delivery"),
    Timer("outcome", 30 * DAY, 7 * DAY, "live"),
)
EVALUATED_AFTER = 30 * DAY


class Fate(StrEnum):
    """What becomes of a letter now."""

    WAIT = "wait"
    SEND = "send"
    REACHED = "reached"  # needless: the school has done it
    LATE = "late"  # its time passed
    UNKNOWN = "unknown"  # whether it is needed is not known now


def fate(timer: Timer, *, due: datetime, now: datetime, reached: bool | None) -> Fate:
    """Decide about a letter; `reached` is None when it is not known whether the school has done it."""
    if now < due:
        return Fate.WAIT
    if reached:
        return Fate.REACHED
    if now - due > timer.late:
        return Fate.LATE
    return Fate.UNKNOWN if reached is None else Fate.SEND


def stale_at(timer: Timer, due: datetime) -> datetime:
    """When a letter is not worth sending any more: at the latest when the next one is due."""
    later = [other.after for other in DRIP if other.after > timer.after]
    return due + min([later[0] - timer.after if later else timer.late, 7 * DAY])


def time_off(changes: list[tuple[datetime, bool]], *, since: datetime, now: datetime) -> timedelta:
    """How long a school was suspended between `since` and `now`; `changes` are `(when, suspended?)` in order."""
    off, begun = timedelta(0), None
    for at, suspended in changes:
        if suspended:
            begun = begun or max(at, since)
        elif begun:
            off, begun = off + max(at - begun, timedelta(0)), None
    return off + (now - begun if begun else timedelta(0))


# -- is it live? -------------------------------------------------------------------------------------------------------

LEARNERS, GATE_SHARE, DELIVERED, OLD_LETTER = 20, 80, 95, DAY


class Found(StrEnum):
    MET = "met"
    MISSED = "missed"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Criterion:
    """One criterion of going live, and the numbers it was decided by."""

    name: str
    found: Found
    numbers: dict[str, int | float | str | None]


def judged(name: str, met: bool | None, **numbers: int | float | str | None) -> Criterion:
    """`met` is None when it is not known."""
    return Criterion(name, Found.UNKNOWN if met is None else Found.MET if met else Found.MISSED, numbers)
