"""An onboarding without a review, as the API asks for it: the same call again is the same school."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from shared_apps.identity.services.accounts import is_known
from shared_apps.identity.services.passwords import hash_password, temporary_password
from shared_apps.schools.models import Onboarding
from shared_apps.schools.services.onboarding import WORKFLOW, start
from shared_apps.schools.services.onboarding_answers import Answers, Person
from shared_apps.schools.services.onboarding_doubts import alike, must_have_seen
from shared_apps.schools.services.onboarding_drafts import keep
from shared_apps.workflows.models import Run, RunState
from tenants.actor import Actor
from tenants.models import School
from tenants.sealing import platform_digest

SAME_AGAIN = timedelta(days=1)  # the same call of the API within it is the same school


@dataclass(frozen=True)
class Begun:
    """What the API answers. `passwords` are the generated ones, by address; empty when the same was asked before.

    `look_alikes`: schools of a similar name that were here before.
    """

    onboarding: Onboarding
    passwords: dict[str, str]
    look_alikes: list[School]


def begin_at_once(
    answers: Answers, *, asked_as: str, by: Actor, now: datetime, seen: Iterable[UUID] | None = None
) -> Begun:  # fmt: skip
    """Start without a review. The same call again within a day, or under the same `asked_as`, is the same school.

    Passwords that were not supplied are made here and kept as hashes alone, for addresses that cannot sign in yet.
    Raises 409 `looks_like` where `seen` is given and leaves a school of a similar name out; not for what was begun.
    """
    owner = _login(by)
    near, there = alike(answers.name, actor=by), _there_already(answers, asked_as, owner, now)
    if seen is not None and not there:
        must_have_seen(near, seen)
    made = {} if there else _passwords(answers)
    hashed = replace(
        answers, admin=_with(answers.admin, made), officer=answers.officer and _with(answers.officer, made)
    )  # fmt: skip
    with transaction.atomic():
        key = _key(answers, asked_as, owner, now)
        draft = keep(hashed, owner=owner, now=now)
        onboarding, new = start(draft, key, by=by, now=now)
        if not new:
            draft.delete()
        elif made:
            Onboarding.objects.filter(pk=onboarding.pk).update(handed_over_at=now)
    return Begun(onboarding, made if new else {}, [school for school in near if school.pk != onboarding.school])


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


def _login(by: Actor) -> UUID:
    if by.login is None:
        raise ValueError("Only people bring schools in.")
    return by.login
