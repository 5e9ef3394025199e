"""Check an exported history of MySentinel. Needs Python 3.11 or newer and the package `cryptography`, nothing else.

    python verify.py EXPORT [--checkpoint FILE ...] [--key KID:BASE64 ...] [--whose ID]

EXPORT is what `manage.py verify_audit --export` writes: lines of JSON holding events, seals and checkpoints. A
checkpoint file holds one checkpoint as JSON, as the school's weekly mail does. Keys given with --key are the only ones
believed; without any, those in the export are, which proves less: whoever made the export could have made the keys.

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
    text = json.dumps(words, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(keys[one["kid"]]))
        key.verify(base64.b64decode(one["signature"]), text)
        return True
    except (KeyError, ValueError, InvalidSignature):
        return False


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
    leaf = hashlib.sha256(b"\x00" + row["body"].encode()).digest()
    link = hashlib.sha256(b"\x02" + chain + number.to_bytes(8, "big") + leaf).digest()
    if row["leaf"] != leaf.hex():
        raise Bad(number, "its event is not the one that was sealed")
    if row["chain"] != link.hex():
        raise Bad(number, "its link does not hang on the one before")
    if json.loads(row["body"]).get("id") != row["event"]:
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
    """The lines of one kind in an export."""
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.strip():
                found = json.loads(line)
                if found["type"] == kind:
                    yield found


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Check an exported history of MySentinel.")
    parser.add_argument("export")
    parser.add_argument("--checkpoint", action="append", default=[], metavar="FILE", help="one that you have kept")
    parser.add_argument("--key", action="append", default=[], metavar="KID:BASE64", help="a public key to believe")
    parser.add_argument("--whose", help="the id that the history must be of")
    told = parser.parse_args(words)
    about = next(lines_of(told.export, "about"))
    keys = dict(key.split(":", 1) for key in told.key)
    checkpoints = list(lines_of(told.export, "checkpoint"))
    for path in told.checkpoint:
        with open(path, encoding="utf-8") as file:
            checkpoints.append(json.load(file) | {"place": "given"})
    if not keys:
        print("Believing the keys in the export itself; give --key to believe only yours.")
    try:
        size, vouched = verify(
            lines_of(told.export, "event"), checkpoints, keys or about["keys"], told.whose or about["whose"]
        )
    except Bad as bad:
        print(f"NOT PROVEN from number {bad.number} on: {bad.why}.")
        return 1
    when = max((one["at"] for one in checkpoints), default="never")
    print(f"{size} events are as they were sealed; {vouched} stand under signed checkpoints, the last of {when}.")
    print(f"Checked {datetime.now(UTC).isoformat(timespec='seconds')}.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
