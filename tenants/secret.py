"""Secrets that travel in a link: made here, kept only as a hash that is bound to what the link is for."""

import secrets
from hashlib import sha256


def new_secret() -> str:
    """256 bits, as they stand in an address."""
    return secrets.token_urlsafe(32)


def digest(purpose: str, secret: str) -> bytes:
    """What is kept of `secret`. The secret of one purpose is nothing to another."""
    return sha256(f"{purpose}:{secret}".encode("utf-8", "surrogatepass")).digest()
