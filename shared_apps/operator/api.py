"""The operator's calls: the same figures as the pages, for machines."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router

from shared_apps.deliveries.rules import rate
from shared_apps.deliveries.services.totals import Deliveries
from shared_apps.operator.rules import read_cursor
from shared_apps.operator.schemas import HealthOut, HealthQueryIn
from shared_apps.operator.services import health
from shared_apps.operator.services.picture import Picture, picture
from tenants.door import Within, actor_of, api
from tenants.permissions import Permission
from tenants.problems import invalid

router = Router(tags=["operator"])


@api(
    router, "GET", "/operator/health", permission=Permission.HEALTH, within=Within.PLATFORM, audit=None,
    response=HealthOut,
)  # fmt: skip
def health_of_schools(request: HttpRequest, query: Query[HealthQueryIn]) -> dict[str, Any]:
    """How the schools within reach are, with providers, deliveries and other signals; schools come in pages."""
    actor, now = actor_of(request), timezone.now()
    found = health.sought(actor, query.state, now=now)
    if query.cursor:
        place = read_cursor(query.cursor)
        if place is None:
            raise invalid("cursor", "unreadable", "This cursor is not one of ours.")
        found = health.after(found, place)
    page = health.rows(found[: query.limit + 1], now=now)
    shown = page[: query.limit]
    return {
        **platform_out(picture(actor, now=now)),
        "items": [row_out(row) for row in shown],
        "next": shown[-1].cursor if len(page) > query.limit else None,
    }


def platform_out(seen: Picture) -> dict[str, Any]:
    return {
        "as_of": seen.now,
        "total": seen.schools.total,
        "groups": {
            life: {"count": group.count, **share(group.sent, group.failed)}
            for life, group in seen.schools.groups.items()
        },
        "providers": [
            {"channel": one.channel, "state": one.state, "day": share(*seen.day.channels.get(one.channel, (0, 0)))}
            for one in seen.providers
        ],
        "deliveries": {"hour": window_out(seen.hour), "day": window_out(seen.day)},
        "signals": [
            {"key": one.key, "value": one.value, "note": one.note, "proof": one.proof}
            for one in health.signals_of(seen)
        ],
    }


def share(sent: int, failed: int) -> dict[str, Any]:
    return {"sent": sent, "failed": failed, "rate": rate(sent, failed)}


def window_out(found: Deliveries) -> dict[str, Any]:
    reasons = [{"reason": reason, "count": count} for reason, count in found.reasons]
    return {**share(found.sent, found.failed), "since": found.since, "reasons": reasons}


def row_out(row: health.Row) -> dict[str, Any]:
    told = row.figures
    activity = None
    if told is not None and row.known:
        activity = {
            "last_gate_activity": told.last_gate_activity, "quiet_school_days": told.quiet_days,
            "week": share(told.sent_week, told.failed_week), "stuck": told.stuck, "dead": told.dead,
        }  # fmt: skip
    return {
        "id": row.school.pk, "slug": row.school.slug, "name": row.school.name, "state": row.life,
        "as_of": told.as_of if told else None, "activity": activity,
    }  # fmt: skip
