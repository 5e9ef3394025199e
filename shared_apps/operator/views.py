"""The operator's pages. Nothing here visits a school: the figures are those the schools published."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from shared_apps.deliveries.services import totals
from shared_apps.operator.rules import Hours, chart
from shared_apps.operator.services.needs import needs_of
from shared_apps.operator.services.picture import Picture, failed_sign_ins, picture
from tenants.door import Within, actor_of, page
from tenants.models import School
from tenants.permissions import Permission

RECENT = 5


def live(request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
    """The page whole, or, for a beat of an open page, its inside alone."""
    inside = "X-Live" in request.headers
    return render(request, f"operator/{'_' if inside else ''}{name}.html", context)


@page(permission=Permission.CONSOLE, within=Within.PLATFORM, audit=None)
def console(request: HttpRequest) -> HttpResponse:
    """What needs somebody, first; then how the platform does."""
    actor, now = actor_of(request), timezone.now()
    seen = picture(actor, now=now)
    hours = totals.by_hour(actor, now=now)
    context = {
        "picture": seen,
        "needs": needs_of(seen),
        "failed_sign_ins": failed_sign_ins(actor, now=now),
        "live_channels": channels(seen),
        "recent": School.objects.order_by("-created_at", "-pk")[:RECENT],
        "wall": request.GET.get("wall") == "1",
        **drawn(hours),
    }
    return live(request, "console", context)


def channels(seen: Picture) -> dict[str, int]:
    """How many of the channels that should work everywhere are ready."""
    meant = [one for one in seen.providers if one.live]
    return {"all": len(meant), "ready": sum(one.ready for one in meant)}


def drawn(hours: Hours) -> dict[str, Any]:
    """The chart, and what its sentence says."""
    sent, failed = sum(hour[1] for hour in hours), sum(hour[2] for hour in hours)
    busiest = max(hours, key=lambda hour: hour[1] + hour[2])
    return {"hours": hours, "chart": chart(hours), "sent": sent, "failed": failed, "busiest": busiest[0]}
