"""What the queue's tasks do: nothing, or say when they ran."""

import os
import time


def nothing() -> None:
    """A task without any work."""


def tell(path: str, sent: float) -> None:
    """Append the seconds since `sent` to the file at `path`."""
    line = f"{time.time() - sent}\n".encode()
    out = os.open(path, os.O_WRONLY | os.O_APPEND)
    os.write(out, line)
    os.close(out)
