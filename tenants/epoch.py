"""A number that every process on this machine sees at once: raised when somebody's rights change.

What a process remembers of a caller is only used while the number stands still, so that a revoked session is refused at
the next request here, and within the memory's own short life on other machines.
"""

import mmap
import os
import struct
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.db import transaction

_COUNTER = struct.Struct("<Q")


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


def current() -> int:
    return int(_COUNTER.unpack_from(_shared())[0])


def raise_after_commit() -> None:
    """Forget what is remembered of callers, once the platform's change is committed."""
    transaction.on_commit(_raise)


def _raise() -> None:
    # Two at once may make one step of two; any step makes every memory stale, which is all that is asked.
    _COUNTER.pack_into(_shared(), 0, current() + 1)
