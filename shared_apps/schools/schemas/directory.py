"""Shapes of one school in the directory: how it stood and stands, and what it told about itself."""

from datetime import datetime
from typing import Literal

from shared_apps.schools.schemas import SchoolRowOut
from tenants.schemas import Answer


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


class OpenWorkOut(Answer):
    """`count` of a kind of work, the oldest of it `since`."""

    count: int
    since: datetime | None


class SupportFiguresOut(FiguresOut):
    """`waiting`, `stuck` (tried again) and `dead` (given up) are work of the school."""

    sent_week: int
    failed_week: int
    waiting: OpenWorkOut
    stuck: OpenWorkOut
    dead: OpenWorkOut
