"""The gate's rules, pure: what a badge code looks like, and what a scan comes to."""

import secrets

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # no 0, 1, I, L, O, U: nothing to mistake by eye
RANDOM_LETTERS = 8


def new_badge_code(tag: str) -> str:
    """A fresh code `TAG-XXXXXXXX-C` for the school with this tag (four letters of ALPHABET)."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_LETTERS))
    return f"{tag}-{body}-{check_letter(tag + body)}"


def check_letter(letters: str) -> str:
    """Luhn over ALPHABET: finds every single wrong letter and nearly every swap of neighbours."""
    size, total = len(ALPHABET), 0
    for place, letter in enumerate(reversed(letters)):
        value = ALPHABET.index(letter) * (2 if place % 2 == 0 else 1)
        total += value // size + value % size
    return ALPHABET[-total % size]


def read_badge_code(text: str) -> tuple[str, str] | None:
    """`(tag, whole code)` of a well-formed code, however it was typed; None when letters or check are wrong."""
    letters = "".join(letter for letter in text.upper() if letter not in "- ")
    if len(letters) != 4 + RANDOM_LETTERS + 1 or any(letter not in ALPHABET for letter in letters):
        return None
    tag, body, check = letters[:4], letters[4:-1], letters[-1]
    return (tag, f"{tag}-{body}-{check}") if check_letter(tag + body) == check else None
