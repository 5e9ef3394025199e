"""Shapes of help for a school from outside."""

from datetime import datetime

from pydantic import Field

from shared_apps.schools.schemas.directory import SupportFiguresOut
from tenants.schemas import Answer, Body


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
