"""Stopping an onboarding on purpose, and taking it up again: what stays is said first, and is what stays."""

from datetime import datetime

from django.db import transaction

from shared_apps.audit.services import record
from shared_apps.schools.models import Draft, Onboarding
from shared_apps.workflows.models import Run, RunState
from shared_apps.workflows.services import control
from tenants.actor import Actor
from tenants.models import School
from tenants.problems import conflict

# What stays when an onboarding ends after none, one or two of its steps.
LEAVES = ("nothing", "school", "school_and_accounts")


def leaves(onboarding: Onboarding) -> str:
    """What would stay if it were cancelled now. Raises 409 when it is over."""
    if Run.objects.get(pk=onboarding.pk).state != RunState.RUNNING:
        raise conflict("This onboarding is over.", "over")
    return LEAVES[min(control.done(onboarding.pk), len(LEAVES) - 1)]


def cancel(onboarding: Onboarding, *, agreed: str, by: Actor, now: datetime) -> None:
    """End it before its next step. `agreed` is what whoever cancels was told would stay.

    Before the school is there nothing stays: what was made ahead for its people goes, too. Raises 409: `over`;
    `moved_on` when a step was done meanwhile, so that something else would stay; `in_hand` while one is being done.
    """
    leaves(onboarding)
    with transaction.atomic():
        expected = LEAVES.index(agreed) if agreed in LEAVES else -1
        control.cancel(onboarding.pk, by=by.name_in_audit, now=now, must_have_done=expected)
        facts = {"run": str(onboarding.pk), "leaves": agreed}
        record("schools.onboarding_cancelled", by=by.name_in_audit, now=now, school=onboarding.school, facts=facts)


def may_be_taken_up(onboarding: Onboarding) -> bool:
    """Whether a cancelled one can go on: its school is there, and what its next step needs has not been deleted."""
    cancelled = Run.objects.filter(pk=onboarding.pk, state=RunState.CANCELLED).exists()
    if not cancelled or not School.objects.filter(pk=onboarding.school).exists():
        return False
    return control.done(onboarding.pk) > 1 or Draft.objects.filter(pk=onboarding.pk).exists()


def take_up(onboarding: Onboarding, *, by: Actor, now: datetime) -> None:
    """Let a cancelled one whose school is there go on. Raises 409."""
    if not may_be_taken_up(onboarding):
        raise conflict("This cannot be taken up again.")
    control.take_up(onboarding.pk, by=by.name_in_audit, now=now)
