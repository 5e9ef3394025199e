"""Sealing of personal values: AES-256-GCM under the school's own key, and blind indexes to find them again.

A school's key is random, made at provisioning and kept wrapped by the key-encryption key. The additional data
binds a value to its school, table, column and row, so a ciphertext moved elsewhere does not open.
"""

import base64
import hmac
import os
from functools import lru_cache
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from tenants.current import current_school

VERSION = 1
NONCE = 12


class Unsealable(ValueError):
    """A sealed value did not open: another row's, another school's, or damaged."""


def new_wrapped_key() -> bytes:
    """A fresh 256-bit data key, wrapped: version, nonce, ciphertext."""
    return _encrypt(_kek(), os.urandom(32), b"school-key")


def prove_wrapped_key(wrapped: bytes) -> None:
    """Open a school's wrapped key and wrap and open another one. Raises Unsealable when the KEK is not its own."""
    for each in (wrapped, new_wrapped_key()):
        if len(_decrypt(_kek(), each, b"school-key")) != 32:
            raise Unsealable("A school's key is not 32 bytes.")


def seal(value: str, *, table: str, column: str, row: UUID) -> bytes:
    """Seal `value` for one cell of the open school. Empty stays empty, so absence is visible without the key."""
    if not value:
        return b""
    return _encrypt(_school_key(), value.encode(), _cell(table, column, row))


def unseal(sealed: bytes | memoryview, *, table: str, column: str, row: UUID) -> str:
    """Open one cell of the open school. Raises Unsealable."""
    sealed = bytes(sealed)
    if not sealed:
        return ""
    return _decrypt(_school_key(), sealed, _cell(table, column, row)).decode()


def blind_index(value: str, *, column: str) -> bytes:
    """A keyed hash of a normalised value: equal values of one school are equal, and nothing else is told."""
    key = hmac.digest(_school_key(), b"blind-index:" + column.encode(), "sha256")
    return hmac.digest(key, value.strip().casefold().encode(), "sha256")


def platform_digest(purpose: str, value: str) -> bytes:
    """A keyed hash on the platform (an address at sign-in, for example); `purpose` separates the uses."""
    key = hmac.digest(_kek(), b"platform:" + purpose.encode(), "sha256")
    return hmac.digest(key, value.strip().casefold().encode(), "sha256")


def seal_on_platform(value: str, *, table: str, column: str, row: UUID) -> bytes:
    """Seal `value` for one cell of the platform: a staging row that is deleted once it has been used."""
    if not value:
        return b""
    return _encrypt(_platform_key(), value.encode(), _platform_cell(table, column, row))


def unseal_on_platform(sealed: bytes | memoryview, *, table: str, column: str, row: UUID) -> str:
    """Open one cell of the platform. Raises Unsealable."""
    sealed = bytes(sealed)
    if not sealed:
        return ""
    return _decrypt(_platform_key(), sealed, _platform_cell(table, column, row)).decode()


def _platform_key() -> bytes:
    return hmac.digest(_kek(), b"platform-seal", "sha256")


def _platform_cell(table: str, column: str, row: UUID) -> bytes:
    return "\x1f".join(("platform", table, column, str(row), str(VERSION))).encode()


def _kek() -> bytes:
    return base64.b64decode(settings.KEK)


def _school_key() -> bytes:
    return _unwrap(current_school().key, settings.KEK)


@lru_cache(maxsize=512)
def _unwrap(wrapped: bytes, kek: str) -> bytes:
    return _decrypt(base64.b64decode(kek), wrapped, b"school-key")


def _cell(table: str, column: str, row: UUID) -> bytes:
    return "\x1f".join((str(current_school().id), table, column, str(row), str(VERSION))).encode()


def _encrypt(key: bytes, plain: bytes, bound_to: bytes) -> bytes:
    nonce = os.urandom(NONCE)
    return bytes([VERSION]) + nonce + AESGCM(key).encrypt(nonce, plain, bound_to)


def _decrypt(key: bytes, sealed: bytes, bound_to: bytes) -> bytes:
    if not sealed or sealed[0] != VERSION:
        raise Unsealable("Unknown version of a sealed value.")
    try:
        return AESGCM(key).decrypt(sealed[1 : 1 + NONCE], sealed[1 + NONCE :], bound_to)
    except InvalidTag:
        raise Unsealable("A sealed value does not belong here.") from None
