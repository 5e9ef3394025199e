"""Figures as schools would have published them, written straight into the rows, for tests of many schools."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from shared_apps.deliveries.models import DeadLetter, DeliveryCount, SchoolFigures, Trouble
from shared_apps.deliveries.rules import slot_of
from tenants.ids import new_id
from tenants.models import Heartbeat


def figures(school: Any, *, now: datetime | None = None, **changed: Any) -> SchoolFigures:
    """Figures of a school that is live and well, unless told otherwise."""
    now = now or timezone.now()
    told = {
        "as_of": now, "learners": 8, "active_learners": 7, "classes": 2, "staff": 3, "last_gate_activity": now,
        "quiet_days": 0, "sent_week": 0, "failed_week": 0, "waiting": 0, "stuck": 0, "dead": 0,
    }  # fmt: skip
    row, _ = SchoolFigures.objects.update_or_create(school_id=getattr(school, "id", school), defaults=told | changed)
    return row


def delivered(school: Any, count: int, *, reason: str = "", ago: timedelta = timedelta(0)) -> None:
    """`count` deliveries of a school, and the same in the sum of all schools."""
    starts = slot_of(timezone.now() - ago)
    for whose in (getattr(school, "id", school), None):
        row, _ = DeliveryCount.objects.get_or_create(
            school_id=whose, starts=starts, channel="email", reason=reason, defaults={"count": 0}
        )
        row.count += count
        row.save()


def trouble(school: Any, count: int, *, state: str = "dead", reason: str = "unreachable", **changed: Any) -> Trouble:
    told = {"handler": "messaging.deliver", "since": timezone.now() - timedelta(hours=3), **changed}
    return Trouble.objects.create(school_id=school.id, state=state, reason=reason, count=count, **told)


def letter(school: Any, **changed: Any) -> DeadLetter:
    now = timezone.now()
    told = {
        "reaction": new_id(), "handler": "messaging.deliver", "kind": "messaging.message_queued",
        "reason": "unreachable", "attempts": 8, "happened_at": now, "died_at": now,
    }  # fmt: skip
    return DeadLetter.objects.create(school_id=school.id, **(told | changed))


def work_runs(now: datetime | None = None, *, names: tuple[str, ...] = ("events.sweep", "provisioner")) -> None:
    for name in names:
        Heartbeat.objects.update_or_create(name=name, defaults={"at": now or timezone.now()})
