"""When a school counts as live: each criterion, decided by the figures it published, with the numbers it rests on."""

from datetime import datetime

from shared_apps.deliveries.rules import Figures, rate
from shared_apps.schools import rules
from shared_apps.schools.rules import Criterion, judged
from tenants.ask import Unavailable

NAMES = ("figures_fresh", "learners", "gate", "deliveries", "dead_letters")


def criteria(told: Figures | Unavailable, *, now: datetime) -> list[Criterion]:
    """Each criterion as the published figures have it. Without figures only one thing is known: that there are none."""
    if isinstance(told, Unavailable):
        return [judged(NAMES[0], False, why=told.reason), *(judged(name, None) for name in NAMES[1:])]
    age = round((now - told.as_of).total_seconds() / 60)
    return [
        judged("figures_fresh", True, minutes=age),
        judged("learners", told.active_learners >= rules.LEARNERS, count=told.active_learners, wanted=rules.LEARNERS),
        _gate(told),
        _deliveries(told),
        _dead_letters(told, now),
    ]


def _gate(told: Figures) -> Criterion:
    used, days = told.gate_days_used, told.gate_days
    met = None if used is None or not days else used * 100 >= days * rules.GATE_SHARE
    return judged("gate", met, used=used, days=days, wanted=rules.GATE_SHARE)


def _deliveries(told: Figures) -> Criterion:
    """A week without any delivery is a week in which nobody was told anything."""
    share = rate(told.sent_week, told.failed_week)
    met = share is not None and share >= rules.DELIVERED
    return judged(
        "deliveries", met, sent=told.sent_week, failed=told.failed_week, share=share, wanted=rules.DELIVERED
    )  # fmt: skip


def _dead_letters(told: Figures, now: datetime) -> Criterion:
    since = told.dead.since
    hours = round((now - since).total_seconds() / 3600) if since else None
    return judged("dead_letters", since is None or now - since <= rules.OLD_LETTER, count=told.dead.count, hours=hours)
