"""The gate's rules, pure: what a badge code looks like, what a scan comes to, where a day's scans leave a learner."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # no 0, 1, I, L, O, U: nothing to mistake by eye
TAG_LETTERS = 4
RANDOM_LETTERS = 8
AHEAD = timedelta(minutes=5)  # a phone's clock may run this far ahead of ours

# -- badge codes ------------------------------------------------------------------------------------------------------


def new_badge_code(tag: str) -> str:
    """A fresh code `TAG-XXXXXXXX-C` for the school with this tag (four letters of ALPHABET)."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_LETTERS))
    return f"{tag}-{body}-{check_letter(tag + body)}"


def check_letter(letters: str) -> str:
    """Luhn over ALPHABET: finds every single wrong letter and nearly every swap of neighbours."""
    total = sum(map(DOUBLED.__getitem__, letters[::-2])) + sum(map(SINGLE.__getitem__, letters[-2::-2]))
    return ALPHABET[-total % len(ALPHABET)]


def weight(letter: str, *, doubled: bool) -> int:
    """What one letter adds to the sum."""
    size, value = len(ALPHABET), ALPHABET.index(letter) * (2 if doubled else 1)
    return value // size + value % size


SINGLE = {letter: weight(letter, doubled=False) for letter in ALPHABET}
DOUBLED = {letter: weight(letter, doubled=True) for letter in ALPHABET}


def bare_code(text: str) -> str:
    """What somebody typed, without case, hyphens and spaces."""
    return "".join(text.upper().replace("-", "").split())


def read_badge_code(text: str) -> tuple[str, str] | None:
    """`(tag, whole code)` of a well-formed code, however it was typed; None when letters or check are wrong."""
    letters = bare_code(text)
    if len(letters) != TAG_LETTERS + RANDOM_LETTERS + 1 or not SINGLE.keys() >= set(letters):
        return None
    tag, body, check = letters[:TAG_LETTERS], letters[TAG_LETTERS:-1], letters[-1]
    return (tag, f"{tag}-{body}-{check}") if check_letter(tag + body) == check else None


def code_table(tag: str) -> dict[str, object]:
    """The form of this school's codes as plain data, so that a phone can check one without a second copy of the rule.

    A code is right when its letters' weights, taken from the right and alternating between the two rows, add up to
    a multiple of the alphabet's size.
    """
    return {
        "tag": tag,
        "alphabet": ALPHABET,
        "length": TAG_LETTERS + RANDOM_LETTERS + 1,
        "parts": [TAG_LETTERS, RANDOM_LETTERS, 1],
        "weights": [list(SINGLE.values()), list(DOUBLED.values())],
    }


# -- what a scan comes to ---------------------------------------------------------------------------------------------


class Direction(StrEnum):
    IN = "in"
    OUT = "out"
    AUTO = "auto"


class Carried(StrEnum):
    """What the badge held up at the gate is."""

    ACTIVE = "active"
    REVOKED = "revoked"
    UNKNOWN = "unknown"
    OTHER_SCHOOL = "other_school"


class Code(StrEnum):
    """In the order of the rules: the first that fits wins."""

    LOCKDOWN = "lockdown"
    UNKNOWN_BADGE = "unknown_badge"
    OTHER_SCHOOL = "other_school"
    REVOKED_BADGE = "revoked_badge"
    INACTIVE_LEARNER = "inactive_learner"
    RESTRICTED = "restricted"
    ALREADY_IN = "already_in"
    ALREADY_OUT = "already_out"
    LATE_ARRIVAL = "late_arrival"
    LATE_PICKUP = "late_pickup"
    OK = "ok"

    @property
    def refused(self) -> bool:
        return self in REFUSED

    @property
    def verdict(self) -> str:
        return "refused" if self.refused else "admitted"

    @property
    def moves(self) -> bool:
        """Whether such a scan took the learner through the gate, rather than finding them there."""
        return self not in REFUSED and self not in (Code.ALREADY_IN, Code.ALREADY_OUT)


REFUSED = frozenset(
    {
        Code.LOCKDOWN, Code.UNKNOWN_BADGE, Code.OTHER_SCHOOL, Code.REVOKED_BADGE, Code.INACTIVE_LEARNER,
        Code.RESTRICTED,
    }
)  # fmt: skip


@dataclass(frozen=True)
class Holder:
    """The learner behind a badge, as far as the rules ask."""

    active: bool
    restricted: bool  # may not leave on a scan alone
    on_site: bool  # at the time of the scan, within its local day


@dataclass(frozen=True)
class Hours:
    """How the school runs on the day of the scan, and the local time of the scan."""

    at: time
    bell: time
    close: time
    school_day: bool


@dataclass(frozen=True)
class Judgement:
    """`on_site` is where the learner is after this scan; None when there is no learner."""

    code: Code
    direction: Direction
    on_site: bool | None


def judge(*, asked: Direction, carried: Carried, holder: Holder | None, hours: Hours, lockdown: bool) -> Judgement:
    """What a scan comes to. `holder` is None for an unknown badge and for another school's."""
    direction = resolve(asked, holder)
    code = first_that_fits(direction, carried, holder, hours, lockdown)
    if holder is None:
        return Judgement(code, direction, None)
    return Judgement(code, direction, holder.on_site if code.refused else direction is Direction.IN)


def resolve(asked: Direction, holder: Holder | None) -> Direction:
    """`auto` is out for somebody on site, else in."""
    if asked is not Direction.AUTO:
        return asked
    return Direction.OUT if holder and holder.on_site else Direction.IN


def first_that_fits(
    direction: Direction, carried: Carried, holder: Holder | None, hours: Hours, lockdown: bool
) -> Code:
    if lockdown:
        return Code.LOCKDOWN
    if carried is Carried.OTHER_SCHOOL:
        return Code.OTHER_SCHOOL
    if carried is Carried.UNKNOWN or holder is None:
        return Code.UNKNOWN_BADGE
    if carried is Carried.REVOKED:
        return Code.REVOKED_BADGE
    if not holder.active:
        return Code.INACTIVE_LEARNER
    return _going_in(holder, hours) if direction is Direction.IN else _going_out(holder, hours)


def _going_in(holder: Holder, hours: Hours) -> Code:
    if holder.on_site:
        return Code.ALREADY_IN
    return Code.LATE_ARRIVAL if hours.school_day and hours.at > hours.bell else Code.OK


def _going_out(holder: Holder, hours: Hours) -> Code:
    if holder.restricted:
        return Code.RESTRICTED
    if not holder.on_site:
        return Code.ALREADY_OUT
    return Code.LATE_PICKUP if hours.at > hours.close else Code.OK


# -- presence ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Seen:
    """One admitted scan of a learner, as far as presence asks."""

    scanned_at: datetime
    recorded_at: datetime
    direction: Direction
    gate: UUID

    @property
    def order(self) -> tuple[datetime, datetime]:
        return self.scanned_at, self.recorded_at


def local_day(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()


def day_bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The first moment of a local day and of the one after it."""
    return datetime.combine(day, time.min, zone), datetime.combine(day + timedelta(days=1), time.min, zone)


def on_site_at(at: datetime, seen: Sequence[Seen]) -> bool:
    """Whether the learner was on site at `at`, by one local day's admitted scans; before the first, nobody is."""
    before = [scan for scan in seen if scan.scanned_at <= at]
    return bool(before) and max(before, key=lambda scan: scan.order).direction is Direction.IN


def latest(seen: Sequence[Seen]) -> Seen | None:
    return max(seen, key=lambda scan: scan.order, default=None)


def moves_presence(scan: Seen, last: Seen | None) -> bool:
    """Whether a scan puts its learner somewhere; `last` is the latest of its local day recorded before it.

    The first of a day does, and one that is later than all others and goes the other way. An older one that comes
    late never does: somebody was seen after it.
    """
    return last is None or (scan.order > last.order and scan.direction is not last.direction)


def slot_of(at: datetime, zone: ZoneInfo) -> tuple[date, time]:
    """The local day and the half hour in which `at` lies."""
    local = at.astimezone(zone)
    return local.date(), time(local.hour, local.minute // 30 * 30)
