"""Bringing a school in: the run that makes it, once however often it is asked for."""

from dataclasses import replace
from datetime import datetime, time
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from shared_apps.audit.services import record
from shared_apps.groups.services import EVERYWHERE, within_reach
from shared_apps.schools.models import Draft, Onboarding
from shared_apps.schools.services.onboarding_drafts import keep, must_be_reviewed, opened
from shared_apps.workflows.models import RunState
from shared_apps.workflows.services import runs
from tenants.actor import Actor
from tenants.ids import new_id
from tenants.models import School
from tenants.problems import not_found

WORKFLOW = "schools.onboarding"


@transaction.atomic
def begin(draft: Draft, *, review: str, by: Actor, now: datetime) -> Onboarding:
    """Start the run of a reviewed draft; a second click finds the first one's. Raises 409 `review_changed`."""
    known = Onboarding.objects.filter(pk=draft.id).first()
    if known:
        return known
    must_be_reviewed(draft, review)
    return start(draft, str(draft.id), by=by, now=now)[0]


def start(draft: Draft, key: str, *, by: Actor, now: datetime) -> tuple[Onboarding, bool]:
    """The onboarding of a draft under `key`, and whether it is new. Runs in the caller's transaction."""
    run, new = runs.start(WORKFLOW, key=key, by=by.name_in_audit, now=now, run=draft.id)
    if not new:
        return Onboarding.objects.get(pk=run.id), False
    answers = opened(draft)
    made = Onboarding.objects.create(
        run=run, school=new_id(), name=answers.name, timezone=answers.timezone,
        close_time=time.fromisoformat(answers.close_time), region=answers.region, circle=answers.circle or None,
        admin=new_id(), officer=new_id() if answers.officer else None,
    )  # fmt: skip
    _begun_again(draft, made, by=by, now=now)
    record("schools.onboarding_started", by=by.name_in_audit, now=now, school=made.school, facts={"run": str(run.id)})
    return made, True


def _begun_again(draft: Draft, made: Onboarding, *, by: Actor, now: datetime) -> None:
    """What made nothing needs nobody once its answers, or a school of its name, are on their way anew."""
    failed = Onboarding.objects.filter(run__state=RunState.FAILED, dismissed_at=None).exclude(pk=made.pk)
    again = failed.filter(Q(pk=draft.again_of) | Q(name__iexact=made.name))
    again.update(dismissed_at=now, dismissed_by=by.name_in_audit)


def onboarding_of(key: UUID | None, *, actor: Actor) -> Onboarding:
    """One onboarding, if its school is within reach. Raises 404."""
    found = Onboarding.objects.select_related("run").filter(pk=key).first() if key else None
    if found is None or not reaches(actor, found.school):
        raise not_found()
    return found


def reaches(actor: Actor, school: UUID) -> bool:
    """Whether `actor` may see what concerns a school that may not be there yet: then only who reaches all may."""
    return within_reach(actor).filter(pk=school).exists() or (
        bool(actor.roles & EVERYWHERE) and not School.objects.filter(pk=school).exists()
    )


@transaction.atomic
def start_again(onboarding: Onboarding, *, owner: UUID, now: datetime) -> Draft | None:
    """A new draft with the answers of an onboarding that made nothing, for whoever gave them, while they are kept."""
    draft = Draft.objects.filter(pk=onboarding.pk, owner=owner).first()
    over = onboarding.run.state in (RunState.FAILED, RunState.CANCELLED)
    if draft is None or not over or School.objects.filter(pk=onboarding.school).exists():
        return None
    answers = opened(draft)
    officer = answers.officer and replace(answers.officer, password_hash="", generated=False)
    bare = replace(answers, admin=replace(answers.admin, password_hash="", generated=False), officer=officer)
    again = keep(bare, owner=owner, now=now)
    again.again_of = onboarding.pk
    again.save(update_fields=["again_of"])
    return again
