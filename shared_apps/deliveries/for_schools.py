"""What a school tells the platform about itself. Plain data only."""

from datetime import datetime
from uuid import UUID

from shared_apps.deliveries import rules
from shared_apps.deliveries.services import publish as publishing

# The shapes in which a school tells.
LETTERS_TOLD = rules.LETTERS_TOLD
SLOT = rules.SLOT
WEEK = rules.WEEK
Figures = rules.Figures
Outcomes = rules.Outcomes
LaneDepth = rules.LaneDepth
Letter = rules.Letter
Told = rules.Told
TroubleCount = rules.TroubleCount
Waiting = rules.Waiting


def publish(told: Told, *, school: UUID) -> None:
    """Put what a school tells in the place of what it told before. Called outside any scope."""
    publishing.publish(told, school=school)


def count_from(school: UUID, *, now: datetime) -> datetime:
    """From where the school should count its deliveries anew."""
    return publishing.count_from(school, now=now)


def stir(school: UUID, *, now: datetime) -> None:
    """Something happened in this school that its figures do not show yet."""
    publishing.stir(school, now=now)
