"""Shapes of the register's API, as the contract has them."""

import re
from datetime import date as Day
from typing import Literal
from uuid import UUID

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from tenants.schemas import Answer, Body


class RegisterQuery(Body):
    date: Day | None = None
    class_: str = Field(alias="class", max_length=64)

    @field_validator("date", mode="before")
    @classmethod
    def written_out(cls, value: object) -> object:
        """A day and nothing else: pydantic would read a number as seconds since 1970."""
        if isinstance(value, str) and not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            raise PydanticCustomError("date_form", "A date is written 2026-11-20.")
        return value


class RegisterClassOut(Answer):
    id: UUID
    name: str


class RegisterLearnerOut(Answer):
    id: UUID
    name: str
    class_: RegisterClassOut = Field(serialization_alias="class")


class RegisterRowOut(Answer):
    """`reason` is the letter of one of the nine valid reasons."""

    learner: RegisterLearnerOut
    mark: Literal["P", "L", "A", "E"] | None
    source: Literal["gate", "teacher"] | None
    state: Literal["proposed", "confirmed"] | None
    reason: str | None


class RegisterOut(Answer):
    items: list[RegisterRowOut]
