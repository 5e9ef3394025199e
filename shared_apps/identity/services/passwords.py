"""Argon2id, and passwords made for people."""

import secrets
from functools import lru_cache
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from django.conf import settings

from tenants.problems import invalid

SHORTEST = 10
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def _hasher() -> PasswordHasher:
    cost: dict[str, Any] = settings.ARGON2
    return PasswordHasher(**cost)


def hash_password(password: str) -> str:
    return _hasher().hash(password)


def matches(password_hash: str, password: str) -> bool:
    """Whether `password` is right. An empty or damaged hash matches nothing."""
    try:
        return _hasher().verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def nobodys_hash() -> str:
    """The hash of a password that nobody knows: an account that waits for its link answers like any other."""
    return hash_password(secrets.token_urlsafe(32))


_kept = lru_cache(maxsize=1)(nobodys_hash)  # hashing and checking would cost twice what a known address does


def waste_time(password: str) -> None:
    """Spend what a real check costs, so that an unknown address cannot be told by the clock."""
    matches(_kept(), password)


def temporary_password() -> str:
    """Four readable groups, 80 bits: `kmtr-4x7b-...`."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))


def must_be_good(password: str, *, email_hint: str = "") -> None:
    """Refuse a password that is too short or only one character long in kinds."""
    if len(password) < SHORTEST:
        raise invalid("new", "too_short", f"Use at least {SHORTEST} characters.")
    if len(set(password)) < 5:
        raise invalid("new", "too_simple", "Use more different characters.")
