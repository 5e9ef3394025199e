"""Checking a sealed history from its first number to its last. `verifier/verify.py` does the same on its own."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tenants import seals
from tenants.merkle import EMPTY, grown, leaf_hash, root_of
from tenants.seals import Head, Statement


@dataclass(frozen=True)
class Sealed:
    """One numbered event as it lies in the database; `body` is None where the event is gone.

    `wrong`: what the reader of the row found at odds with the body ("" for nothing).
    """

    number: int
    event: str
    body: str | None
    leaf: bytes
    chain: bytes
    wrong: str = ""


@dataclass(frozen=True)
class Report:
    """`bad` is the first number that is not proven, None when all are. `vouched`: as far as signatures reach."""

    whose: str
    size: int
    bad: int | None = None
    why: str = ""
    vouched: int = 0

    @property
    def good(self) -> bool:
        return self.bad is None


class _Bad(Exception):
    def __init__(self, number: int, why: str) -> None:
        self.number, self.why = number, why


def check(
    whose: str,
    rows: Iterable[Sealed],
    here: Sequence[Statement],
    kept: Sequence[Statement],
    keys: dict[str, Ed25519PublicKey],
    given: Sequence[Statement] = (),
) -> Report:
    """Check links, leaves, roots and signatures; `here` and `kept` are the checkpoints of the two places.

    `given`: checkpoints from anywhere else, a mail or the log, which must be of this history too.

    Where everything was written anew, no link is wrong by itself: then the first number that the last good checkpoint
    does not cover is named.
    """
    walk = _Walk(whose, here, kept, keys, given)
    try:
        for row in rows:
            walk.step(row)
        walk.end()
    except _Bad as found:
        return Report(whose, walk.head.size, found.number, found.why, walk.vouched)
    return Report(whose, walk.head.size, vouched=walk.vouched)


class _Walk:
    """How far the check has come. `vouched` is the size of the last checkpoint that was found good."""

    def __init__(
        self,
        whose: str,
        here: Sequence[Statement],
        kept: Sequence[Statement],
        keys: dict[str, Ed25519PublicKey],
        given: Sequence[Statement],
    ) -> None:
        self.whose, self.keys, self.head, self.vouched = whose, keys, seals.beginning(whose), 0
        self.here, self.kept = {one.size for one in here}, list(kept)
        self.last = max(self.here, default=0)
        self.waiting = sorted([*here, *kept, *given], key=lambda one: one.size)
        self.at = 0

    def step(self, row: Sealed) -> None:
        number = self.head.size + 1
        if row.number != number:
            raise _Bad(number, "it is missing")
        if row.body is None:
            raise _Bad(number, "its event is gone")
        leaf = leaf_hash(row.body.encode())
        chain = seals.next_link(self.head.chain, number, leaf)
        if row.leaf != leaf:
            raise _Bad(number, "its event is not the one that was sealed")
        if row.chain != chain:
            raise _Bad(number, "its link does not hang on the one before")
        if row.wrong:
            raise _Bad(number, row.wrong)
        self.head = Head(number, chain, grown(self.head.frontier, number - 1, [leaf]))
        for one in self._due():
            self._vouch(one)

    def _due(self) -> Iterator[Statement]:
        while self.at < len(self.waiting) and self.waiting[self.at].size <= self.head.size:
            self.at += 1
            yield self.waiting[self.at - 1]

    def _vouch(self, one: Statement) -> None:
        first = self.vouched + 1
        if one.whose != self.whose or not seals.genuine(one, self.keys):
            raise _Bad(first, f"the checkpoint at {one.size} is not signed by a known key")
        root = root_of(self.head.frontier) if self.head.size else EMPTY
        if one.size != self.head.size or (one.chain, one.root) != (self.head.chain, root):
            raise _Bad(first, f"the checkpoint at {one.size} was signed over another history")
        if one.size not in self.here:
            raise _Bad(first, f"the checkpoint at {one.size} is missing here")
        self.vouched = max(self.vouched, one.size)

    def end(self) -> None:
        if self.at < len(self.waiting):
            raise _Bad(self.head.size + 1, f"a checkpoint says that there were {self.waiting[-1].size}")
        if self.head.size > self.last:
            raise _Bad(self.last + 1, "no checkpoint covers it")
        self._both_places()

    def _both_places(self) -> None:
        """The second place may be behind by what was signed a moment ago; below its newest it knows them all."""
        sizes = {one.size for one in self.kept}
        newest, before = max(sizes, default=0), 0
        for size in sorted(self.here):
            if size < newest and size not in sizes:
                raise _Bad(before + 1, f"the checkpoint at {size} is missing in the second place")
            before = size
