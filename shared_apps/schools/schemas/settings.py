"""Shapes of what is set about a school from the platform."""

from datetime import datetime
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from shared_apps.schools.rules import CLOCK
from tenants.schemas import Answer, Body


class EntryOut(Answer):
    """`seen` goes back with a change: it tells whether somebody else changed them meanwhile."""

    name: str
    slug: str
    timezone: str
    region: str
    seen: str


class OwnOut(Answer):
    """What the school keeps itself; `bell` is the school's own to set."""

    bell: str
    close_time: str
    default_language: str
    seen: str


class ReadinessOut(Answer):
    channel: str
    state: Literal["ready", "not_configured", "preview"]


class ChangeOut(Answer):
    """`who` is a name, blank where none is known; `changes` by field, before and after."""

    at: datetime
    who: str
    changes: dict[str, dict[str, str]]


class SettingsOut(Answer):
    """`school` is null while the school cannot be reached."""

    directory: EntryOut
    school: OwnOut | None
    providers: list[ReadinessOut]
    history: list[ChangeOut]


class EntryIn(Body):
    """What is left out stays as it is."""

    seen: str = Field(max_length=64)
    name: str | None = Field(default=None, max_length=200, pattern=r"\S")
    slug: str | None = Field(default=None, max_length=63)
    timezone: str | None = Field(default=None, max_length=64)
    region: str | None = Field(default=None, max_length=64)

    @field_validator("name")
    @classmethod
    def spaced_once(cls, name: str | None) -> str | None:
        return " ".join(name.split()) if name else None


class OwnIn(Body):
    """What is left out stays as it is."""

    seen: str = Field(max_length=64)
    close_time: str | None = Field(default=None, pattern=rf"^{CLOCK.pattern}$")
    default_language: Literal["en", "af", "zu"] | None = None


class SettingsIn(Body):
    """One of the two: each part is saved alone."""

    directory: EntryIn | None = None
    school: OwnIn | None = None

    @model_validator(mode="after")
    def one_part(self) -> Self:
        if (self.directory is None) == (self.school is None):
            raise PydanticCustomError("one_part", "Send either `directory` or `school`.")
        return self
