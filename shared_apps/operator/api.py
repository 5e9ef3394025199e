"""The operator's calls: the same figures as the pages, for machines."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router

from shared_apps.deliveries.services.schools import Group
from shared_apps.deliveries.services.totals import Deliveries
from shared_apps.operator.rules import read_cursor
from shared_apps.operator.schemas import AuditQueryIn, AuditsOut, HealthOut, HealthQueryIn
from shared_apps.operator.services import health, trail
from shared_apps.operator.services.picture import Picture, picture
from shared_apps.operator.services.trail_entries import Entry, facts_of
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


@api(
    router, "GET", "/operator/audit", permission=Permission.AUDIT_READ, within=Within.PLATFORM, audit=None,
    response=AuditsOut,
)  # fmt: skip
def audit(request: HttpRequest, query: Query[AuditQueryIn]) -> dict[str, Any]:
    """What was done on the platform, newest first, of the schools within reach."""
    if query.cursor and not trail.is_place(query.cursor):
        raise invalid("cursor", "unreadable", "This cursor is not one of ours.")
    asked = trail.Asked(**query.model_dump(exclude={"cursor", "limit"}))
    rows, following = trail.page(trail.sought(actor_of(request), asked), cursor=query.cursor, limit=query.limit)
    return {"items": [audit_out(row) for row in rows], "next": following or None}


def audit_out(row: Entry) -> dict[str, Any]:
    event = row.event
    school = {"id": event.school, "name": row.school_name} if event.school else None
    return {
        "id": event.pk, "number": row.number, "kind": event.kind, "at": event.at, "actor": event.actor,
        "actor_name": row.who, "school": school, "facts": facts_of(event),
    }  # fmt: skip


def platform_out(seen: Picture) -> dict[str, Any]:
    return {
        "as_of": seen.now,
        "total": seen.schools.total,
        "told": seen.schools.told,
        "groups": {
            life: {"count": group.count, "told": group.told, **share(group)}
            for life, group in seen.schools.groups.items()
        },
        "providers": [
            {
                "channel": one.channel,
                "state": one.state,
                "day": share(seen.day.over(one.channel)),
                "last_sent": one.last_sent,
                "last_failed": one.last_failed,
            }
            for one in seen.providers
        ],  # fmt: skip
        "deliveries": {"hour": window_out(seen.hour), "day": window_out(seen.day)},
        "signals": [
            {"key": one.key, "value": one.plain, "since": one.since, "note": one.note, "proof": one.proof}
            for one in health.signals_of(seen)
        ],
    }


def share(found: Deliveries | Group) -> dict[str, Any]:
    return {"sent": found.sent, "failed": found.failed, "rate": found.rate}


def window_out(found: Deliveries) -> dict[str, Any]:
    reasons = [{"reason": reason, "count": count} for reason, count in found.reasons]
    return {**share(found), "since": found.since, "reasons": reasons}


def row_out(row: health.Row) -> dict[str, Any]:
    told = row.figures
    activity = None
    if told is not None and row.known:
        activity = {
            "last_gate_activity": told.last_gate_activity, "quiet_school_days": told.quiet_days,
            "week": {"sent": told.sent_week, "failed": told.failed_week, "rate": row.week},
            "waiting": told.waiting, "stuck": told.stuck, "dead": told.dead,
        }  # fmt: skip
    return {
        "id": row.school.pk, "slug": row.school.slug, "name": row.school.name, "state": row.life,
        "as_of": told.as_of if told else None, "activity": activity,
    }  # fmt: skip
