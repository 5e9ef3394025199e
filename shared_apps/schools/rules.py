"""What can be said about a school's answers without asking anybody: its address, its region, its hours."""

import re
import unicodedata
from datetime import time

LONGEST_SLUG = 50  # room for a number behind it
REGION = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3}(-[a-z0-9]{1,40})*)?")  # ISO 3166, 3166-2, own districts
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


def free_slug(base: str, taken: set[str]) -> str:
    """`base`, or `base-2`, `base-3` and so on."""
    number = 1
    while (slug := base if number == 1 else f"{base}-{number}") in taken:
        number += 1
    return slug


def telling_words(name: str) -> list[str]:
    """The words of a school's name that tell it from others, the longest first."""
    words = {word for word in re.findall(r"[a-z0-9]+", plain(name)) if word not in COMMON and len(word) > 2}
    return sorted(words, key=lambda word: (-len(word), word))


def is_region(text: str) -> bool:
    return REGION.fullmatch(text) is not None


def clock(text: str) -> time | None:
    """`17:00` as a time, or None."""
    return time(int(text[:2]), int(text[3:])) if CLOCK.fullmatch(text) else None


def two_names(name: str) -> tuple[str, str]:
    """Given name and the rest. Some people have one name only."""
    given, _, family = " ".join(name.split()).partition(" ")
    return given, family
