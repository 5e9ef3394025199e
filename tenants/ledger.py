"""Sealing a table of events, a school's or the platform's: the rows and the work on them.

Whoever calls opens the transaction (a school's scope, or the platform's own). Events are written without waiting for
each other, so one with an older id may be committed late: unsealed is what has no seal, whatever its id.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connections, models
from django.db.models import Max, Min

from tenants import seals
from tenants.merkle import packed, root_of, unpacked
from tenants.seals import Head, Link, Statement

LOOK_BACK = timedelta(hours=1)  # a quick look for unsealed events begins this long before the last checkpoint
BATCH = 10_000  # events per transaction


class Torn(RuntimeError):
    """The history here is not what was vouched for. It is not sealed further: `verify_audit` says what is wrong."""


class SealFields(models.Model):
    """One seal; a subclass adds `event`, the only one of its kind for that event."""

    seq = models.BigIntegerField(primary_key=True)
    leaf = models.BinaryField()
    chain = models.BinaryField()

    class Meta:
        abstract = True


class CheckpointFields(models.Model):
    """One signed checkpoint, and the frontier from which sealing goes on."""

    size = models.BigIntegerField(primary_key=True)
    root = models.BinaryField()
    chain = models.BinaryField()
    frontier = models.BinaryField()
    at = models.DateTimeField()
    kid = models.CharField(max_length=40)
    signature = models.BinaryField()

    class Meta:
        abstract = True


@dataclass(frozen=True)
class Book:
    """The three tables of one history, and whose it is."""

    whose: str
    events: Any
    seals: Any
    checkpoints: Any
    heard: str  # the column of `events` that says when an event was written down


def seal_next(book: Book, *, now: datetime, kept: Statement | None = None, all_of_it: bool = False) -> int:
    """Seal what is unsealed, at most BATCH events, and sign a checkpoint. Returns how many; 0 too when another sealer
    is at work.

    `kept`: the newest checkpoint of the second place, which must be in this history. `all_of_it` looks for events of
    any age, not only as far back as LOOK_BACK. Raises Torn rather than seal on behind a broken tail.
    """
    if not _alone(book):
        return 0
    head, last = _head(book, kept)
    found = _unsealed(book, None if all_of_it else last)
    rows = list(found.values_list("id", "body")[:BATCH])
    if not rows:
        return 0
    links, head = seals.sealed(head, [body for _, body in rows])
    _write(book, [key for key, _ in rows], links)
    words = seals.signed(book.whose, head, now=now)
    book.checkpoints.objects.bulk_create([_row(book, words, head)])
    return len(links)


def _alone(book: Book) -> bool:
    """One sealer at a time for one history, until the transaction ends; whoever comes second goes away."""
    with connections[book.seals.objects.db].cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [f"{book.whose}:sealer"])
        return bool(cursor.fetchone()[0])


def _head(book: Book, kept: Statement | None) -> tuple[Head, datetime | None]:
    """Where to go on, and when that was signed, after a look at whether it is what was signed."""
    row = book.checkpoints.objects.order_by("-size").first()
    tail = book.seals.objects.aggregate(tail=Max("seq"))["tail"] or 0
    if row is None:
        if tail or kept:
            raise Torn("checkpoints are gone")
        return seals.beginning(book.whose), None
    words = statement(book, row)
    if tail != row.size or not seals.genuine(words, seals.verifying_keys()):
        raise Torn("the last checkpoint does not vouch for the last seal")
    head = Head(row.size, words.chain, unpacked(bytes(row.frontier), row.size))
    if root_of(head.frontier) != words.root or _link(book, row.size) != words.chain:
        raise Torn("the last checkpoint does not fit its seals")
    if kept and (kept.size > row.size or _link(book, kept.size) != kept.chain):
        raise Torn("the second place knows another history")
    return head, row.at


def _link(book: Book, number: int) -> bytes:
    return bytes(book.seals.objects.values_list("chain", flat=True).get(seq=number))


def _unsealed(book: Book, since: datetime | None) -> Any:
    found = book.events.objects.filter(seal=None).order_by("id")
    return found.filter(id__gte=first_id_at(since - LOOK_BACK)) if since else found


def first_id_at(moment: datetime) -> UUID:
    """The smallest UUIDv7 that could have been made at `moment`."""
    return UUID(int=max(0, int(moment.timestamp() * 1000)) << 80)


def _write(book: Book, events: Sequence[UUID], links: Sequence[Link]) -> None:
    table, column = book.seals._meta.db_table, book.seals._meta.get_field("event").column
    with connections[book.seals.objects.db].cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (seq, {column}, leaf, chain)"
            " SELECT * FROM unnest(%s::bigint[], %s::uuid[], %s::bytea[], %s::bytea[])",
            [
                [link.number for link in links],
                list(events),
                [link.leaf for link in links],
                [link.chain for link in links],
            ],
        )


def _row(book: Book, words: Statement, head: Head) -> Any:
    return book.checkpoints(
        size=words.size, root=words.root, chain=words.chain, frontier=packed(head.frontier), at=words.at,
        kid=words.kid, signature=words.signature,
    )  # fmt: skip


def statement(book: Book, row: Any) -> Statement:
    return Statement(
        book.whose, row.size, bytes(row.root), bytes(row.chain), row.at, row.kid, bytes(row.signature)
    )  # fmt: skip


def newest(book: Book) -> Statement | None:
    """The last checkpoint here."""
    row = book.checkpoints.objects.order_by("-size").first()
    return statement(book, row) if row else None


def checkpoints_after(book: Book, size: int) -> list[Statement]:
    rows = book.checkpoints.objects.filter(size__gt=size).order_by("size")
    return [statement(book, row) for row in rows]


def unsealed_since(book: Book) -> datetime | None:
    """When the oldest unsealed event was written down, as far as a quick look shows; None when all are sealed."""
    last = newest(book)
    waiting = _unsealed(book, last.at if last else None).order_by()
    found: datetime | None = waiting.aggregate(oldest=Min(book.heard))["oldest"]
    return found
