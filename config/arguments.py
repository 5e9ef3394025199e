"""Numbers that a command takes, refused with a sentence where they make no sense."""

from argparse import ArgumentTypeError


def some(text: str) -> int:
    return _at_least(1, text)


def some_or_none(text: str) -> int:
    return _at_least(0, text)


def _at_least(least: int, text: str) -> int:
    if not text.isascii() or not text.lstrip("-").isdigit() or int(text) < least:
        raise ArgumentTypeError(f"{text!r} is not a whole number of {least} or more")
    return int(text)
