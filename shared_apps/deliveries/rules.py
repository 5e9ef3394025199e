"""What a school tells the platform about itself, how fresh that must be, and how it reads. Counts, codes and times."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

SLOT = timedelta(minutes=10)  # the grain of delivery counts
KEPT = timedelta(hours=25)  # of delivery counts
WEEK = timedelta(days=7)
AFTER_ACTIVITY = timedelta(minutes=2)  # a busy school tells at most this often
AT_THE_LATEST = timedelta(minutes=30)  # a quiet one tells again after this
STALE_AFTER = timedelta(minutes=90)  # older than this nothing is known
LATE = timedelta(minutes=15)  # an outcome may be committed this long after the moment it is dated
LETTERS_TOLD = 200  # dead letters of one school that are listed singly; all are counted


class Life(StrEnum):
    """How a school is, in the order in which a person should look at them."""

    QUIET = "quiet"
    UNKNOWN = "unknown"
    ONBOARDING = "onboarding"
    LIVE = "live"
    DISABLED = "disabled"


@dataclass(frozen=True)
class Waiting:
    """How many of a kind there are and since when the oldest; `since` is None when there are none."""

    count: int = 0
    since: datetime | None = None


@dataclass(frozen=True)
class Outcomes:
    """How many deliveries one slot saw go out over one channel (`reason` empty) or fail for one reason."""

    starts: datetime
    channel: str
    reason: str
    count: int


@dataclass(frozen=True)
class TroubleCount:
    """How many reactions of one handler were given up (`dead`) or wait for another try (`retrying`) for one reason."""

    state: str
    handler: str
    reason: str
    count: int
    since: datetime


@dataclass(frozen=True)
class LaneDepth:
    """How many reactions of one lane wait in a school, and since when the oldest."""

    lane: str
    count: int
    since: datetime


@dataclass(frozen=True)
class Letter:
    """One dead letter as the platform lists it: ids, codes and times."""

    id: UUID
    handler: str
    kind: str
    reason: str
    attempts: int
    happened_at: datetime
    died_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True)
class Figures:
    """One school at `as_of`. `quiet_days`: its own school days since its gate was last used; None if it never was.

    `gate_days`: its last own school days that were looked at (ten, where it has had so many), and on how many of them
    somebody came or went; None where it did not tell.
    """

    as_of: datetime
    learners: int
    active_learners: int
    classes: int
    staff: int
    last_gate_activity: datetime | None
    quiet_days: int | None
    sent_week: int
    failed_week: int
    waiting: Waiting = Waiting()
    stuck: Waiting = Waiting()
    dead: Waiting = Waiting()
    gate_days: int | None = None
    gate_days_used: int | None = None


@dataclass(frozen=True)
class Told:
    """All a school publishes at once. `outcomes` are complete from `since` on; `letters` are the newest of the dead."""

    figures: Figures
    since: datetime
    outcomes: list[Outcomes] = field(default_factory=list)
    troubles: list[TroubleCount] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    lanes: list[LaneDepth] = field(default_factory=list)


def slot_of(at: datetime) -> datetime:
    """The start of the slot around `at`."""
    return at - timedelta(seconds=at.timestamp() % SLOT.total_seconds())


def window(now: datetime, span: timedelta) -> datetime:
    """Where the last `span` begins, in whole slots: a little longer than `span`, never shorter."""
    return slot_of(now - span)


def told_from(last: datetime | None, now: datetime) -> datetime:
    """From where a school that told at `last` counts its outcomes anew."""
    oldest = slot_of(now - KEPT)
    return max(oldest, slot_of(last - LATE)) if last else oldest


def fresh(as_of: datetime, now: datetime) -> bool:
    return now - as_of <= STALE_AFTER


def rate(sent: int, failed: int) -> float | None:
    """The share that went out, in percent with one decimal, never rounded up to 100; None when there was nothing."""
    return sent * 1000 // (sent + failed) / 10 if sent + failed else None
