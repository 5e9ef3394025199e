"""The calls of the operator's directory of schools."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router

from shared_apps.schools.schemas import ReactivateIn, SchoolRowOut, SchoolRowsOut, SchoolsQuery, SuspendIn
from shared_apps.schools.schemas.directory import OverviewOut, ProgressOut
from shared_apps.schools.services import directory, standing, support
from shared_apps.schools.services.progress import onboarding_of
from tenants.door import Within, actor_of, api
from tenants.models import School
from tenants.permissions import Permission

router = Router(tags=["schools"])


@api(
    router, "GET", "/operator/schools", permission=Permission.SCHOOLS_READ, within=Within.PLATFORM, audit=None,
    response=SchoolRowsOut,
)  # fmt: skip
def school_list(request: HttpRequest, query: Query[SchoolsQuery]) -> dict[str, Any]:
    """The schools within reach, by name."""
    actor = actor_of(request)
    found = directory.find(actor, directory.Sought(query.state, query.search))
    page = directory.page_of(found, limit=query.limit, after=directory.place(query.cursor))
    counts = directory.counts(actor, query.search)
    return {"items": schools_out(page.rows), "next": page.following, "counts": counts}


@api(
    router, "GET", "/operator/schools/{uuid:school_id}", permission=Permission.SCHOOLS_READ, within=Within.PLATFORM,
    audit=None, response=OverviewOut,
)  # fmt: skip
def overview(request: HttpRequest, school_id: UUID) -> dict[str, Any]:
    """One school as the platform knows it, and why it was ever suspended."""
    school = directory.one(actor_of(request), school_id)
    past = [vars(one) for one in standing.history(school.id)]
    return {**schools_out([school])[0], "region": school.region, "standings": past}


@api(
    router, "GET", "/operator/schools/{uuid:school_id}/progress", permission=Permission.SCHOOLS_READ,
    within=Within.PLATFORM, audit=None, response=ProgressOut,
)  # fmt: skip
def progress(request: HttpRequest, school_id: UUID) -> dict[str, Any]:
    """What the school told about itself."""
    school = directory.one(actor_of(request), school_id)
    told = support.condition(school.id, now=timezone.now())
    known = asdict(told.before) if told.before else None
    return {"figures": known if told.known else None, "last_known": known}


@api(
    router, "POST", "/operator/schools/{uuid:school_id}/suspend", permission=Permission.SCHOOLS_SUSPEND,
    within=Within.PLATFORM, audit="schools.suspended", response=SchoolRowOut,
)  # fmt: skip
def suspend(request: HttpRequest, school_id: UUID, body: SuspendIn) -> dict[str, Any]:
    """Block all logins and gate scans of a school; its exact name must come with it."""
    school = standing.suspend(
        by=actor_of(request), school_id=school_id, confirm_name=body.confirm_name, reason=body.reason.strip(),
        now=timezone.now(),
    )  # fmt: skip
    return schools_out([school])[0]


@api(
    router, "POST", "/operator/schools/{uuid:school_id}/reactivate", permission=Permission.SCHOOLS_SUSPEND,
    within=Within.PLATFORM, audit="schools.reactivated", response=SchoolRowOut,
)  # fmt: skip
def reactivate(request: HttpRequest, school_id: UUID, body: ReactivateIn | None = None) -> dict[str, Any]:
    """Let a suspended school work again."""
    reason = body.reason.strip() if body else ""
    school = standing.reactivate(by=actor_of(request), school_id=school_id, reason=reason, now=timezone.now())
    return schools_out([school])[0]


def schools_out(schools: list[School]) -> list[dict[str, Any]]:
    onboarding = onboarding_of(school.id for school in schools)
    return [
        {
            "id": school.id, "slug": school.slug, "name": school.name, "timezone": school.timezone,
            "state": school.state, "onboarding": onboarding[school.id].state, "created_at": school.created_at,
        }
        for school in schools
    ]  # fmt: skip
