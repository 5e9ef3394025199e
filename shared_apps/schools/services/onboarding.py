"""Bringing a school in: who may be there already, and the run that makes it, once however often it is asked for."""

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from difflib import SequenceMatcher
from hashlib import sha256
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from shared_apps.audit.services import record
from shared_apps.groups.services import EVERYWHERE, within_reach
from shared_apps.identity.services.accounts import is_known
from shared_apps.identity.services.passwords import hash_password, temporary_password
from shared_apps.schools import rules
from shared_apps.schools.models import Draft, Onboarding
from shared_apps.schools.services.onboarding_answers import Answers, Person, keep, must_be_reviewed, opened
from shared_apps.workflows.models import Run, RunState
from shared_apps.workflows.services import runs
from tenants.actor import Actor
from tenants.ids import new_id
from tenants.models import School
from tenants.problems import not_found
from tenants.sealing import platform_digest

WORKFLOW = "schools.onboarding"
ALIKE = 0.72  # of two names, from 0 to 1
SAME_AGAIN = timedelta(days=1)  # the same call of the API within it is the same school


@dataclass(frozen=True)
class Doubts:
    """What a person should look at before a school is made a second time."""

    schools: list[School]
    known: list[str]  # roles whose address can sign in already: they keep their password


def doubts(answers: Answers, *, actor: Actor) -> Doubts:
    """Schools within reach with a similar name, and addresses that are known."""
    alike = Q(slug__startswith=rules.slug_of(answers.name)) | Q(name__iexact=answers.name)
    for word in rules.telling_words(answers.name)[:3]:
        alike |= Q(slug__contains=word)
    wanted = rules.plain(answers.name)
    found = within_reach(actor).filter(alike).order_by("name")[:200]
    rated = [(SequenceMatcher(None, wanted, rules.plain(school.name)).ratio(), school) for school in found]
    near = sorted((pair for pair in rated if pair[0] >= ALIKE), key=lambda pair: -pair[0])
    known = [role for role, person in answers.people().items() if is_known(person.email)]
    return Doubts([school for _, school in near[:5]], known)


@transaction.atomic
def begin(draft: Draft, *, review: str, by: Actor, now: datetime) -> Onboarding:
    """Start the run of a reviewed draft; a second click finds the first one's. Raises 409 `review_changed`."""
    known = Onboarding.objects.filter(pk=draft.id).first()
    if known:
        return known
    must_be_reviewed(draft, review)
    return _start(draft, str(draft.id), by=by, now=now)[0]


@dataclass(frozen=True)
class Begun:
    """What the API answers. `passwords` are the generated ones, by address; empty when the same was asked before."""

    onboarding: Onboarding
    passwords: dict[str, str]


def begin_at_once(answers: Answers, *, asked_as: str, by: Actor, now: datetime) -> Begun:
    """Start without a review. The same call again within a day, or under the same `asked_as`, is the same school.

    Passwords that were not supplied are made here and kept as hashes alone, for addresses that cannot sign in yet.
    """
    owner = _login(by)
    made = {} if _there_already(answers, asked_as, owner, now) else _passwords(answers)
    hashed = replace(
        answers, admin=_with(answers.admin, made), officer=answers.officer and _with(answers.officer, made)
    )  # fmt: skip
    with transaction.atomic():
        key = _key(answers, asked_as, owner, now)
        draft = keep(hashed, owner=owner, now=now)
        onboarding, new = _start(draft, key, by=by, now=now)
        if not new:
            draft.delete()
        elif made:
            Onboarding.objects.filter(pk=onboarding.pk).update(handed_over_at=now)
    return Begun(onboarding, made if new else {})


def _passwords(answers: Answers) -> dict[str, str]:
    wanted = [one.email for one in answers.people().values() if not one.password_hash and not is_known(one.email)]
    return {email: temporary_password() for email in wanted}


def _with(person: Person, made: dict[str, str]) -> Person:
    made_for = made.get(person.email)
    return replace(person, password_hash=hash_password(made_for), generated=True) if made_for else person


def _there_already(answers: Answers, asked_as: str, owner: UUID, now: datetime) -> bool:
    return Run.objects.filter(workflow=WORKFLOW, key=_key(answers, asked_as, owner, now)).exists()


def _key(answers: Answers, asked_as: str, owner: UUID, now: datetime) -> str:
    """One key per caller and content; another one after a failure, and a day later."""
    bare = replace(
        answers, admin=replace(answers.admin, password_hash=""),
        officer=answers.officer and replace(answers.officer, password_hash=""),
    )  # fmt: skip
    told = f"{owner}\x1f{asked_as}" if asked_as else f"{owner}\x1f{bare.to_json()}"
    key = platform_digest("onboarding-key", sha256(told.encode()).hexdigest()).hex()
    over = Q(state__in=(RunState.FAILED, RunState.CANCELLED)) | Q(created_at__lt=now - SAME_AGAIN)
    return f"{key}:{Run.objects.filter(over, workflow=WORKFLOW, key__startswith=key).count()}"


def _start(draft: Draft, key: str, *, by: Actor, now: datetime) -> tuple[Onboarding, bool]:
    run, new = runs.start(WORKFLOW, key=key, by=by.name_in_audit, now=now, run=draft.id)
    if not new:
        return Onboarding.objects.get(pk=run.id), False
    answers = opened(draft)
    made = Onboarding.objects.create(
        run=run, school=new_id(), name=answers.name, timezone=answers.timezone,
        close_time=time.fromisoformat(answers.close_time), region=answers.region, circle=answers.circle or None,
        admin=new_id(), officer=new_id() if answers.officer else None,
    )  # fmt: skip
    record("schools.onboarding_started", by=by.name_in_audit, now=now, school=made.school, facts={"run": str(run.id)})
    return made, True


def _login(by: Actor) -> UUID:
    if by.login is None:
        raise ValueError("Only people bring schools in.")
    return by.login


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
    """A new draft with the answers of a failed onboarding, for whoever gave them, while they are still kept."""
    draft = Draft.objects.filter(pk=onboarding.pk, owner=owner).first()
    if draft is None or onboarding.run.state not in (RunState.FAILED, RunState.CANCELLED):
        return None
    answers = opened(draft)
    officer = answers.officer and replace(answers.officer, password_hash="", generated=False)
    bare = replace(answers, admin=replace(answers.admin, password_hash="", generated=False), officer=officer)
    return keep(bare, owner=owner, now=now)
