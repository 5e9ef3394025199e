"""Check an exported history of MySentinel. Needs Python 3.11 or newer and the package `cryptography`, nothing else.

    python verify.py EXPORT [--checkpoint FILE ...] [--key KID:BASE64 ...] [--whose ID]

EXPORT is what `manage.py verify_audit --export` writes: lines of JSON holding events, seals and checkpoints. A
checkpoint file holds one checkpoint as JSON, as the school's weekly mail does, or lines of MySentinel's log, where the
platform's own are. Keys given with --key are the only ones believed; without any, those in the export are, which proves
less: whoever made the export could have made the keys.

Prints what is proven, or the first number that is not, and exits with 0 or 1. Written apart from the product's own
check on purpose, so that two programs must agree.
"""

import argparse
import base64
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

WORDS = ("whose", "size", "root", "chain", "at", "kid")
LOGGED = "platform checkpoint {"
UNREADABLE = (AttributeError, KeyError, TypeError, ValueError, RecursionError)

# What a line of each kind holds, no less and no more.
SIGNED = dict.fromkeys(WORDS, str) | {"size": int, "signature": str}
SHAPES: dict[str, dict[str, Any]] = {
    "about": {"v": int, "whose": str, "keys": dict},
    "checkpoint": {"place": str, **SIGNED},
    "event": {"seq": int, "event": str, "body": (str, type(None)), "leaf": str, "chain": str},
}


class Bad(Exception):
    """`number` is the first that is not proven, and the second argument why."""

    def __init__(self, number: int, why: str) -> None:
        super().__init__(number, why)
        self.number, self.why = number, why


class Tree:
    """The roots of the full subtrees, the largest first, as (leaves, hash)."""

    def __init__(self) -> None:
        self.peaks: list[tuple[int, bytes]] = []

    def add(self, leaf: bytes) -> None:
        count, found = 1, leaf
        while self.peaks and self.peaks[-1][0] == count:
            count, found = count * 2, hashlib.sha256(b"\x01" + self.peaks.pop()[1] + found).digest()
        self.peaks.append((count, found))

    def root(self) -> bytes:
        if not self.peaks:
            return hashlib.sha256(b"").digest()
        found = self.peaks[-1][1]
        for _, peak in self.peaks[-2::-1]:
            found = hashlib.sha256(b"\x01" + peak + found).digest()
        return found


def signed_by(one: dict[str, Any], keys: dict[str, str]) -> bool:
    """Whether the key that this checkpoint names is among `keys` and signed it."""
    words = {"v": 1, "what": "mysentinel checkpoint", **{name: one[name] for name in WORDS}}
    try:
        text = json.dumps(words, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        Ed25519PublicKey.from_public_bytes(_bytes(keys[one["kid"]])).verify(_bytes(one["signature"]), text)
        return True
    except (*UNREADABLE, InvalidSignature):
        return False


def _bytes(text: str) -> bytes:
    """Base64 in the one spelling it has: bits that decoding would pass over are none of ours."""
    found = base64.b64decode(text, validate=True)
    if base64.b64encode(found).decode() != text:
        raise ValueError(text)
    return found


def verify(
    rows: Iterable[dict[str, Any]],
    checkpoints: Iterable[dict[str, Any]],
    keys: dict[str, str],
    whose: str,
) -> tuple[int, int]:
    """Check events in the order of their numbers. Returns how many there are and how many are under a signature.

    Raises Bad. `checkpoints` come from anywhere; one whose `place` is `here` is of the history itself.
    """
    waiting = sorted(checkpoints, key=lambda one: one["size"])
    second = {one["size"] for one in waiting if one.get("place") == "platform"}
    here = {one["size"] for one in waiting if one.get("place") == "here"}
    tree, chain, size, vouched = Tree(), hashlib.sha256(b"mysentinel seals 1\x00" + whose.encode()).digest(), 0, 0
    for row in rows:
        number = size + 1
        if row["seq"] != number:
            raise Bad(number, "it is missing")
        chain = _checked(row, number, chain, tree)
        size = number
        while waiting and waiting[0]["size"] <= size:
            _vouches(waiting.pop(0), whose, size, tree, chain, vouched, keys, here)
            vouched = size
    if waiting:
        raise Bad(size + 1, f"a checkpoint says that there were {waiting[-1]['size']}")
    if size > max(here, default=0):
        raise Bad(max(here, default=0) + 1, "no checkpoint covers it")
    before = 0
    for at in sorted(here):
        if at < max(second, default=0) and at not in second:
            raise Bad(before + 1, f"the checkpoint at {at} is missing in the second place")
        before = at
    return size, vouched


def _checked(row: dict[str, Any], number: int, chain: bytes, tree: Tree) -> bytes:
    """The next link, when the event and its seal are right."""
    if row["body"] is None:
        raise Bad(number, "its event is gone")
    try:
        leaf = hashlib.sha256(b"\x00" + row["body"].encode()).digest()
    except UnicodeEncodeError:
        raise Bad(number, "it cannot be read") from None
    link = hashlib.sha256(b"\x02" + chain + number.to_bytes(8, "big") + leaf).digest()
    if row["leaf"] != leaf.hex():
        raise Bad(number, "its event is not the one that was sealed")
    if row["chain"] != link.hex():
        raise Bad(number, "its link does not hang on the one before")
    try:
        known = json.loads(row["body"])["id"]
    except UNREADABLE:
        raise Bad(number, "its event cannot be read") from None
    if known != row["event"]:
        raise Bad(number, "it is sealed under another event's id")
    tree.add(leaf)
    return link


def _vouches(
    one: dict[str, Any],
    whose: str,
    size: int,
    tree: Tree,
    chain: bytes,
    vouched: int,
    keys: dict[str, str],
    here: set[int],
) -> None:
    if one["whose"] != whose or not signed_by(one, keys):
        raise Bad(vouched + 1, f"the checkpoint at {one['size']} is not signed by a known key")
    if (one["size"], one["root"], one["chain"]) != (size, tree.root().hex(), chain.hex()):
        raise Bad(vouched + 1, f"the checkpoint at {one['size']} was signed over another history")
    if size not in here:
        raise Bad(vouched + 1, f"the checkpoint at {size} is missing here")


def lines_of(path: str, kind: str) -> Iterator[dict[str, Any]]:
    """The lines of one kind in an export.

    Whoever reads the events hears of any line that cannot be read, whatever it was, where it stands: raises Bad.
    """
    events = 0
    with open(path, "rb") as file:
        for at, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                found = _shaped(json.loads(line.decode()))
            except UNREADABLE:
                if kind == "event":
                    raise Bad(events + 1, f"line {at} of the export cannot be read") from None
                continue
            events += found["type"] == "event"
            if found["type"] == kind:
                yield found


def _shaped(found: dict[str, Any]) -> dict[str, Any]:
    """The same, when it holds what its kind holds."""
    shape = SHAPES[found["type"]]
    if found.keys() != shape.keys() | {"type"} or not _fits(found, shape):
        raise ValueError(found["type"])
    if found.get("v", 1) != 1 or found.get("place", "here") not in ("here", "platform"):
        raise ValueError(found["type"])
    return found


def _fits(found: dict[str, Any], shape: dict[str, Any]) -> bool:
    return all(isinstance(found[name], kind) and not isinstance(found[name], bool) for name, kind in shape.items())


def given(path: str) -> list[dict[str, Any]]:
    """The checkpoints in a file that somebody kept: one, with or without the mail around it, or lines of the log."""
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        return [_given(line) for line in text.splitlines() if LOGGED in line] or [_given(text)]
    except UNREADABLE:
        raise Bad(1, f"{path} holds no checkpoint that can be read") from None


def _given(text: str) -> dict[str, Any]:
    found = json.loads(text[text.index("{") : text.rindex("}") + 1])
    if "message" in found:
        return _given(found["message"])
    if not _fits(found, SIGNED):
        raise ValueError(text)
    return found | {"place": "given"}


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Check an exported history of MySentinel.")
    parser.add_argument("export")
    parser.add_argument("--checkpoint", action="append", default=[], metavar="FILE", help="one that you have kept")
    parser.add_argument("--key", action="append", default=[], metavar="KID:BASE64", help="a public key to believe")
    parser.add_argument("--whose", help="the id that the history must be of")
    told = parser.parse_args(words)
    if not all(":" in key for key in told.key):
        parser.error("a key is KID:BASE64")
    keys = dict(key.split(":", 1) for key in told.key)
    if not keys:
        print("Believing the keys in the export itself; give --key to believe only yours.")
    try:
        about = next(lines_of(told.export, "about"), None)
        if about is None:
            raise Bad(1, "the export does not say whose history it is")
        checkpoints = list(lines_of(told.export, "checkpoint"))
        checkpoints += [one for path in told.checkpoint for one in given(path)]
        size, vouched = verify(
            lines_of(told.export, "event"), checkpoints, keys or about["keys"], told.whose or about["whose"]
        )
    except OSError as error:
        parser.error(str(error))
    except Bad as bad:
        print(f"NOT PROVEN from number {bad.number} on: {bad.why}.")
        return 1
    when = max((one["at"] for one in checkpoints), default="never")
    print(f"{size} events are as they were sealed; {vouched} stand under signed checkpoints, the last of {when}.")
    print(f"Checked {datetime.now(UTC).isoformat(timespec='seconds')}.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
