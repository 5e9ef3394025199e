"""A number that changes whenever somebody's rights do. What a process remembers of a caller holds only while it stands.

The database raises it: triggers on logins, memberships, sessions and schools, at the commit of the change itself, so
that no writer can forget it. A process asks for it at most every `IDENTITY_SECONDS`, which bounds how late a change
is felt anywhere. On the machine where the change was made it is felt at once: a second number, in a small shared file,
is raised right after the commit.
"""

import mmap
import os
import struct
import threading
import time
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.db import connection, transaction

_COUNTER = struct.Struct("<Q")


class Mark(NamedTuple):
    """What stood at one moment: the machine's number and the database's."""

    machine: int
    database: int


class _Asked(NamedTuple):
    number: int
    at: float  # monotonic


_last = _Asked(-1, float("-inf"))
_asking = threading.Lock()


def current() -> Mark:
    """The numbers now; the database's may be up to `IDENTITY_SECONDS` old."""
    return Mark(_machine(), _database())


def _database() -> int:
    global _last
    if _is_fresh(_last):
        return _last.number
    with _asking:
        if not _is_fresh(_last):
            at = time.monotonic()  # before asking: an answer is as old as its question
            with connection.cursor() as cursor:
                cursor.execute("SELECT number FROM tenants_epoch")
                _last = _Asked(int(cursor.fetchone()[0]), at)
        return _last.number


def _is_fresh(asked: _Asked) -> bool:
    return time.monotonic() - asked.at < settings.IDENTITY_SECONDS


@lru_cache(maxsize=1)
def _shared() -> mmap.mmap:
    path = Path(settings.EPOCH_FILE)
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.truncate(descriptor, _COUNTER.size)
        return mmap.mmap(descriptor, _COUNTER.size)
    finally:
        os.close(descriptor)


def _machine() -> int:
    return int(_COUNTER.unpack_from(_shared())[0])


def raise_after_commit() -> None:
    """Let this machine forget its callers at once, as soon as the platform's change is committed."""
    transaction.on_commit(_raise)


def _raise() -> None:
    # Two at once may make one step of two; any step makes every memory stale, which is all that is asked.
    _COUNTER.pack_into(_shared(), 0, _machine() + 1)
