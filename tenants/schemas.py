"""Bases of every shape that comes in or goes out: no unknown keys, and nothing Postgres cannot hold."""

import re
from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator
from pydantic_core import PydanticCustomError

UNSTORABLE = re.compile("[\0\ud800-\udfff]")


class Body(BaseModel):
    """A JSON body, or the parameters of a query."""

    model_config = ConfigDict(extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def storable(cls, value: Any) -> Any:
        """Refuse NUL and lone surrogates wherever they hide: neither can be stored as text."""
        must_be_storable(value)
        return value


class Answer(BaseModel):
    """What goes out."""


def must_be_storable(value: Any) -> None:
    """Raise a validation error for text that PostgreSQL cannot hold."""
    if isinstance(value, str):
        if UNSTORABLE.search(value):
            raise PydanticCustomError("unstorable", "NUL and broken characters are not allowed.")
    elif isinstance(value, dict):
        for name, inner in value.items():
            must_be_storable(name)
            must_be_storable(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            must_be_storable(inner)
