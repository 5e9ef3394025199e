"""Shapes of one school in the directory: how it stood and stands, its settings, and help from outside."""

from datetime import datetime
from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from shared_apps.schools.rules import CLOCK
from shared_apps.schools.schemas import SchoolRowOut
from tenants.schemas import Answer, Body


class StandingOut(Answer):
    """The school was suspended (`disabled`) or taken up again (`active`). `by` is a name, blank where none is known."""

    state: Literal["active", "disabled"]
    at: datetime
    by: str
    reason: str


class OverviewOut(SchoolRowOut):
    """`standings`: each time the school was suspended or taken up again, the latest first."""

    region: str
    standings: list[StandingOut]


class OpenWorkOut(Answer):
    """`count` of a kind of work, the oldest of it `since`."""

    count: int
    since: datetime | None


class FiguresOut(Answer):
    """What a school published about itself at `as_of`."""

    as_of: datetime
    learners: int
    active_learners: int
    classes: int
    staff: int
    last_gate_activity: datetime | None


class ProgressOut(Answer):
    """`figures` is null where the school has not told lately; `last_known` is what it told last, however long ago."""

    figures: FiguresOut | None
    last_known: FiguresOut | None


class SupportFiguresOut(FiguresOut):
    """`waiting`, `stuck` (tried again) and `dead` (given up) are work of the school."""

    sent_week: int
    failed_week: int
    waiting: OpenWorkOut
    stuck: OpenWorkOut
    dead: OpenWorkOut


class TroubleOut(Answer):
    """Work of one kind that was given up (`dead`) or is tried again (`retrying`) for one reason, a code."""

    state: str
    handler: str
    reason: str
    count: int
    since: datetime


class LastErrorOut(Answer):
    handler: str
    reason: str
    attempts: int
    died_at: datetime


class SupportOut(Answer):
    """`figures` and `last_known` as in its progress. Kinds, codes and times: nobody's name, no message."""

    figures: SupportFiguresOut | None
    last_known: SupportFiguresOut | None
    troubles: list[TroubleOut]
    errors: list[LastErrorOut]


class HelpIn(Body):
    """The address the person told whoever helps: the platform keeps none."""

    email: str = Field(max_length=254)


class WayInOut(Answer):
    """A link to set a password, told in this answer alone."""

    link: str
    good_until: datetime


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
    name: str | None = Field(default=None, min_length=1, max_length=200, pattern=r"\S")
    slug: str | None = Field(default=None, max_length=63)
    timezone: str | None = Field(default=None, max_length=64)
    region: str | None = Field(default=None, max_length=64)


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
