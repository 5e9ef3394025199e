"""Bases of every shape in or out: what comes in has no unknown keys and nothing Postgres cannot hold."""

from typing import Any

from ninja import Schema
from pydantic import ConfigDict, field_validator
from pydantic_core import PydanticCustomError


class Body(Schema):
    """A JSON body, or the parameters of a query."""

    model_config = ConfigDict(extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def storable(cls, value: Any) -> Any:
        """Refuse NUL and lone surrogates wherever they hide: neither can be stored as text."""
        must_be_storable(value)
        return value


class Answer(Schema):
    """What goes out."""


def must_be_storable(value: Any) -> None:
    """Raise a validation error for text that PostgreSQL cannot hold, however deep it lies."""
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, str):
            if "\0" in one or any("\ud800" <= letter <= "\udfff" for letter in one):
                raise PydanticCustomError("unstorable", "NUL and broken characters are not allowed.")
        elif isinstance(one, dict):
            left += [*one.keys(), *one.values()]
        elif isinstance(one, list | tuple):
            left += one
