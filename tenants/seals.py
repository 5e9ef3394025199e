"""What a seal is: a gapless number, a link of a hash chain, a leaf of a tree, and signed words about all so far.

No database and no clock here. `whose` is a school's id or `platform`; it is in the first link and in every signed
statement, so that one's history never passes for another's.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Self

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from tenants.keyring import private_keys, public_keys
from tenants.merkle import Frontier, grown, leaf_hash, root_of

PLATFORM = "platform"
DERIVED = "derived"


@dataclass(frozen=True)
class Link:
    """The seal of one event."""

    number: int
    leaf: bytes
    chain: bytes


@dataclass(frozen=True)
class Head:
    """Where a history stands: what is needed to seal the next event, and to vouch for all before it."""

    size: int
    chain: bytes
    frontier: Frontier

    @property
    def root(self) -> bytes:
        return root_of(self.frontier)


@dataclass(frozen=True)
class Statement:
    """A checkpoint: at `at` the history of `whose` had `size` events, this root and this chain. Signed by `kid`."""

    whose: str
    size: int
    root: bytes
    chain: bytes
    at: datetime
    kid: str
    signature: bytes = b""

    def words(self) -> bytes:
        """The bytes that are signed."""
        return rfc8785.dumps(
            {
                "v": 1,
                "what": "mysentinel checkpoint",
                "whose": self.whose,
                "size": self.size,
                "root": self.root.hex(),
                "chain": self.chain.hex(),
                "at": self.at.astimezone(UTC).isoformat(),
                "kid": self.kid,
            }
        )

    def plain(self) -> dict[str, Any]:
        """As JSON for somebody who keeps or checks it elsewhere."""
        return {
            "whose": self.whose, "size": self.size, "root": self.root.hex(), "chain": self.chain.hex(),
            "at": self.at.astimezone(UTC).isoformat(), "kid": self.kid,
            "signature": base64.b64encode(self.signature).decode(),
        }  # fmt: skip

    @classmethod
    def of(cls, plain: dict[str, Any]) -> Self:
        """What `plain` said. Raises KeyError, TypeError or ValueError when it is none."""
        size, at = plain["size"], datetime.fromisoformat(plain["at"])
        if type(size) is not int or size < 1 or at.tzinfo is None:
            raise ValueError("no checkpoint")
        return cls(
            str(plain["whose"]), size, bytes.fromhex(plain["root"]), bytes.fromhex(plain["chain"]), at,
            str(plain["kid"]), base64.b64decode(plain["signature"], validate=True),
        )  # fmt: skip


def first_link(whose: str) -> bytes:
    """What the chain of `whose` hangs on."""
    return sha256(b"mysentinel seals 1\x00" + whose.encode()).digest()


def next_link(chain: bytes, number: int, leaf: bytes) -> bytes:
    return sha256(b"\x02" + chain + number.to_bytes(8, "big") + leaf).digest()


def beginning(whose: str) -> Head:
    return Head(0, first_link(whose), ())


def sealed(head: Head, bodies: Sequence[str]) -> tuple[list[Link], Head]:
    """The seals of `bodies` in this order behind `head`, and the head after them."""
    links, chain = [], head.chain
    for number, body in enumerate(bodies, head.size + 1):
        leaf = leaf_hash(body.encode())
        chain = next_link(chain, number, leaf)
        links.append(Link(number, leaf, chain))
    frontier = grown(head.frontier, head.size, [link.leaf for link in links])
    return links, Head(head.size + len(links), chain, frontier)


# -- signatures -------------------------------------------------------------------------------------------------------


def signed(whose: str, head: Head, *, now: datetime) -> Statement:
    """A checkpoint of `head` under the first of the seal keys."""
    kid, key = next(iter(private_keys(_keys()).items()))
    unsigned = Statement(whose, head.size, head.root, head.chain, now, kid)
    return Statement(whose, head.size, head.root, head.chain, now, kid, key.sign(unsigned.words()))


def genuine(statement: Statement, keys: dict[str, Ed25519PublicKey]) -> bool:
    """Whether one of `keys`, the one it names, signed these words."""
    key = keys.get(statement.kid)
    if key is None:
        return False
    try:
        key.verify(statement.signature, statement.words())
    except InvalidSignature:
        return False
    return True


def verifying_keys() -> dict[str, Ed25519PublicKey]:
    """The public halves of all seal keys, by id."""
    return public_keys(_keys())


def published_keys() -> dict[str, str]:
    """The same as text: base64 of 32 bytes."""
    return {kid: base64.b64encode(key.public_bytes_raw()).decode() for kid, key in verifying_keys().items()}


def _keys() -> str:
    """SEAL_KEYS, in which the word `derived` stands for the key that an installation without any has from its KEK."""
    parts = (part.strip() for part in (settings.SEAL_KEYS or DERIVED).split(","))
    return ",".join(_derived(settings.KEK) if part == DERIVED else part for part in parts)


def _derived(kek: str) -> str:
    seed = HKDF(hashes.SHA256(), 32, None, b"mysentinel seal key 1").derive(base64.b64decode(kek))
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    return f"d{sha256(public).hexdigest()[:8]}:{base64.b64encode(seed).decode()}"
