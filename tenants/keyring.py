"""Ed25519 keys as the environment gives them: a comma list of `kid:base64 seed`; the first signs, all verify."""

import base64
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


@lru_cache(maxsize=8)
def private_keys(text: str) -> dict[str, Ed25519PrivateKey]:
    """The keys of `text` by their id, in its order. Raises ValueError for what is no key."""
    pairs = (pair.partition(":") for pair in text.split(",") if pair.strip())
    return {kid.strip(): Ed25519PrivateKey.from_private_bytes(base64.b64decode(seed)) for kid, _, seed in pairs}


@lru_cache(maxsize=8)
def public_keys(text: str) -> dict[str, Ed25519PublicKey]:
    return {kid: key.public_key() for kid, key in private_keys(text).items()}
