"""The rules of the register, pure. Absent, late and excused are three different things (law.md A1, A10)."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

PRESENT, LATE, ABSENT, EXCUSED = "P", "L", "A", "E"
MARKS = (PRESENT, LATE, ABSENT, EXCUSED)
REASONS = "abcdefghi"  # the nine valid reasons of the attendance policy, by their letter
STUDY_LEAVE, EXCEPTIONAL = "a", "i"
LAST_GRADE = 12


def proposed_mark(arrived_at: datetime, *, bell: time, zone: ZoneInfo) -> str:
    """What an arrival proposes: present up to the bell, late after it. Never absent, never excused."""
    return LATE if arrived_at.astimezone(zone).time() > bell else PRESENT


def is_absence(mark: str) -> bool:
    """Excused is an absence with a valid reason, never a kind of presence."""
    return mark in (ABSENT, EXCUSED)


def lacks_reason(mark: str) -> bool:
    """Whether a day with this mark is a day without valid reason."""
    return mark == ABSENT


def arrived_after_absence(mark: str, marked_at: datetime | None, arrived_at: datetime | None) -> bool:
    """Marked away when the register was taken and at the gate later: both facts stand."""
    return bool(is_absence(mark) and marked_at and arrived_at and arrived_at > marked_at)


def seen_but_not_in_class(mark: str, marked_at: datetime | None, arrived_at: datetime | None) -> bool:
    """At the gate first and then not in class: somebody has to look."""
    return bool(is_absence(mark) and marked_at and arrived_at and arrived_at <= marked_at)


def reasons_for(grade: int, *, principal: bool) -> str:
    """Letters that may be recorded: study leave in Grade 12 alone, exceptional circumstances by the principal."""
    kept = REASONS if grade == LAST_GRADE else REASONS.replace(STUDY_LEAVE, "")
    return kept if principal else kept.replace(EXCEPTIONAL, "")
