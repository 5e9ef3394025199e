"""Checkpoints that somebody kept outside the database: out of a mail, or out of the log as it is written."""

import json
from pathlib import Path
from typing import Any

from shared_apps.audit.services.sealing import LOGGED
from tenants.seals import Statement

BEGINS = f"{LOGGED} {{"


class NoCheckpoint(ValueError):
    """A file holds none, or one that cannot be read, or one of somebody else's history."""


def checkpoints_in(path: Path) -> list[Statement]:
    """One checkpoint as JSON with or without the mail around it, or every one that lines of the log tell of."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise NoCheckpoint(f"{path} cannot be read.") from error
    lines = [(at, line) for at, line in enumerate(text.splitlines(), 1) if BEGINS in line]
    parts = [(f"{path}, line {at},", line) for at, line in lines] or [(str(path), text)]
    return [_read(where, part) for where, part in parts]


def must_be_of(whose: str, given: list[Statement]) -> list[Statement]:
    if strange := {statement.whose for statement in given} - {whose}:
        raise NoCheckpoint(f"The checkpoint given is of {', '.join(sorted(strange))}, not of {whose}.")
    return given


def upheld(given: list[Statement]) -> str:
    """What is said when all of them are of the history."""
    if not given:
        return ""
    return f" Kept elsewhere and of this history: {len(given)}, the newest at {max(one.size for one in given)}."


def _read(where: str, text: str) -> Statement:
    try:
        found = _object(text)
        return Statement.of(_object(found["message"]) if "message" in found else found)
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise NoCheckpoint(f"{where} holds no checkpoint that can be read.") from error


def _object(text: str) -> dict[str, Any]:
    found = json.loads(text[text.index("{") : text.rindex("}") + 1])
    if not isinstance(found, dict):
        raise TypeError("not an object")
    return found
