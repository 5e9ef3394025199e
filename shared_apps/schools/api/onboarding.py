"""The doors to a school's beginning."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Status

from shared_apps.schools.api.deeds import found
from shared_apps.schools.models import Onboarding
from shared_apps.schools.schemas import (
    BegunOut,
    CancelIn,
    LookAlikeOut,
    NewSchoolOut,
    OnboardingIn,
    OnboardingOut,
    OnboardingRowsOut,
    OnboardingsQuery,
    PasswordOut,
    StepOut,
)
from shared_apps.schools.services import (
    onboarding_answers,
    onboarding_at_once,
    onboarding_cancel,
    onboarding_help,
    onboarding_progress,
)
from shared_apps.schools.services.onboarding_list import latest
from shared_apps.schools.services.onboarding_progress import told_state
from shared_apps.workflows.models import RunState
from tenants.door import Within, actor_of, api
from tenants.ids import parse_id
from tenants.permissions import Permission
from tenants.problems import invalid

onboardings = Router(tags=["operator"])
ASKED_AS = "Idempotency-Key"


@api(
    onboardings, "POST", "/operator/onboardings", permission=Permission.SCHOOLS_ONBOARD, within=Within.PLATFORM,
    audit="schools.onboarding_started", response={202: BegunOut}, exclude_none=True,
)  # fmt: skip
def begin(request: HttpRequest, body: OnboardingIn) -> Status[BegunOut]:
    """Start making a school. Generated passwords are answered here and nowhere else.

    The same call again within a day, or under the same `Idempotency-Key`, answers the same id and no password.
    A valid body is 202 by contract, so look-alikes stop a caller alone who sends `look_alikes_seen`; all are told them.
    """
    answers = onboarding_answers.checked(
        name=body.school.name, timezone=body.school.timezone, close_time=body.school.close_time,
        region=body.school.region, circle=body.school.group, admin=body.admin.told(),
        officer=body.officer.told() if body.officer else None,
    )  # fmt: skip
    begun = onboarding_at_once.begin_at_once(
        answers, asked_as=request.headers.get(ASKED_AS, "")[:200], by=actor_of(request), now=timezone.now(),
        seen=body.look_alikes_seen,
    )  # fmt: skip
    passwords = [PasswordOut(email=email, temporary_password=made) for email, made in begun.passwords.items()]
    look_alikes = [LookAlikeOut(id=one.pk, slug=one.slug, name=one.name) for one in begun.look_alikes]
    return Status(202, BegunOut(id=begun.onboarding.pk, passwords=passwords, look_alikes=look_alikes or None))


@api(
    onboardings, "GET", "/operator/onboardings", permission=Permission.SCHOOLS_ONBOARD, within=Within.PLATFORM,
    audit=None, response=OnboardingRowsOut,
)  # fmt: skip
def onboarding_rows(request: HttpRequest, query: Query[OnboardingsQuery]) -> dict[str, Any]:
    """The onboardings within reach, the newest first."""
    before = parse_id(query.cursor) if query.cursor else None
    if query.cursor and before is None:
        raise invalid("cursor", "unreadable", "This cursor is not one of ours.")
    rows, more = latest(actor_of(request), before=before, limit=query.limit)
    items = [
        {
            "id": row.id, "name": row.name, "state": told_state(row.state, there=row.there), "begun_at": row.begun,
            "cancelled": row.state == RunState.CANCELLED, "dismissed": row.dismissed, "acknowledged": row.acknowledged,
        }
        for row in rows
    ]  # fmt: skip
    return {"items": items, "next": str(rows[-1].id) if more else None}


@api(
    onboardings, "GET", "/operator/onboardings/{onboarding_id}", permission=Permission.SCHOOLS_ONBOARD,
    within=Within.PLATFORM, audit=None, response=OnboardingOut,
)  # fmt: skip
def show(request: HttpRequest, onboarding_id: str) -> OnboardingOut:
    """How far it has come."""
    return _told(found(request, onboarding_id))


@api(
    onboardings, "POST", "/operator/onboardings/{onboarding_id}/cancel", permission=Permission.SCHOOLS_ONBOARD,
    within=Within.PLATFORM, audit="schools.onboarding_cancelled", response=OnboardingOut,
)  # fmt: skip
def cancel(request: HttpRequest, onboarding_id: str, body: CancelIn) -> OnboardingOut:
    """End it before its next step: before the school is there nothing stays, afterwards the school and its record.

    409 `over`, `moved_on` (something else would stay by now), or `in_hand` (a step is being done at this moment).
    """
    return _after(request, onboarding_id, partial(onboarding_cancel.cancel, agreed=body.leaves))


@api(
    onboardings, "POST", "/operator/onboardings/{onboarding_id}/retry", permission=Permission.SCHOOLS_ONBOARD,
    within=Within.PLATFORM, audit="workflows.step_retried", response=OnboardingOut,
)  # fmt: skip
def retry(request: HttpRequest, onboarding_id: str) -> OnboardingOut:
    """Try the step that was given up again."""
    return _after(request, onboarding_id, onboarding_help.retry)


@api(
    onboardings, "POST", "/operator/onboardings/{onboarding_id}/resume", permission=Permission.SCHOOLS_ONBOARD,
    within=Within.PLATFORM, audit="workflows.run_resumed", response=OnboardingOut,
)  # fmt: skip
def resume(request: HttpRequest, onboarding_id: str) -> OnboardingOut:
    """Let one that stands still go on."""
    return _after(request, onboarding_id, onboarding_help.resume)


@api(
    onboardings, "POST", "/operator/onboardings/{onboarding_id}/take-up", permission=Permission.SCHOOLS_ONBOARD,
    within=Within.PLATFORM, audit="workflows.run_taken_up", response=OnboardingOut,
)  # fmt: skip
def take_up(request: HttpRequest, onboarding_id: str) -> OnboardingOut:
    """Let a cancelled one whose school is there go on."""
    return _after(request, onboarding_id, onboarding_cancel.take_up)


@api(
    onboardings, "POST", "/operator/onboardings/{onboarding_id}/dismiss", permission=Permission.SCHOOLS_ONBOARD,
    within=Within.PLATFORM, audit="schools.failure_dismissed", response=OnboardingOut,
)  # fmt: skip
def dismiss(request: HttpRequest, onboarding_id: str) -> OnboardingOut:
    """Say that one that made nothing needs nobody any more; 409 for any other."""
    return _after(request, onboarding_id, onboarding_help.dismiss)


def _after(request: HttpRequest, onboarding_id: str, act: Callable[..., None]) -> OnboardingOut:
    """Do `act`, and how far the onboarding is then."""
    onboarding = found(request, onboarding_id)
    act(onboarding, by=actor_of(request), now=timezone.now())
    return _told(onboarding)


def _told(onboarding: Onboarding) -> OnboardingOut:
    now = onboarding_progress.progress(onboarding, now=timezone.now())
    school = now.school
    return OnboardingOut(
        id=now.id, state=now.state, stalled=now.stalled, cancelled=now.cancelled,
        dismissed=Onboarding.objects.filter(pk=onboarding.pk).exclude(dismissed_at=None).exists(),
        steps=[
            StepOut(name=step.name, state=step.state, attempts=step.attempts, reason=step.reason) for step in now.steps
        ],
        school=NewSchoolOut(id=school.id, slug=school.slug, name=school.name, state=school.state) if school else None,
    )  # fmt: skip
