"""Guardians, what they are to each child, and what they may."""

from collections.abc import Sequence
from datetime import datetime

from tenant_apps.events.services.record import record
from tenant_apps.people.models import Guardian, Guardianship, Language, Learner
from tenant_apps.people.services.checks import clean_email, clean_name, clean_phone, clean_relation
from tenants.actor import Actor
from tenants.problems import invalid

Child = tuple[Learner, str, bool, bool]  # learner, relation, may be contacted, may collect


def add_guardian(
    *, by: Actor, now: datetime, given_name: str, family_name: str, language: str, email: str, phone: str,
    children: Sequence[Child],
) -> Guardian:  # fmt: skip
    """Add a guardian with their rights per child; the phone is kept in E.164. Four statements.

    Raises Refusal (422) for a bad name, address, number, language or relation, and for a child named twice.
    """
    if language not in Language.values:
        raise invalid("language", "unknown", f"One of {', '.join(Language.values)}.")
    if len({learner.id for learner, _, _, _ in children}) != len(children):
        raise invalid("children", "twice", "A child is there twice.")
    guardian = Guardian(
        given_name=clean_name("given_name", given_name), family_name=clean_name("family_name", family_name),
        language=language,
    )  # fmt: skip
    guardian.email, guardian.phone = clean_email(email), clean_phone(phone)
    ties = [_tie(guardian, child) for child in children]
    guardian.save(force_insert=True)
    Guardianship.objects.bulk_create(ties)
    about = {"guardian": str(guardian.id), "children": [_told(tie) for tie in ties]}
    record("people.guardian_added", by=by, at=now, now=now, about=about)
    return guardian


def _tie(guardian: Guardian, child: Child) -> Guardianship:
    learner, relation, may_contact, may_collect = child
    learner.must_be_here()
    return Guardianship(
        learner=learner, guardian=guardian, relation=clean_relation(relation), may_contact=may_contact,
        may_collect=may_collect,
    )  # fmt: skip


def _told(tie: Guardianship) -> dict[str, object]:
    rights = {"may_contact": tie.may_contact, "may_collect": tie.may_collect}
    return {"learner": str(tie.learner_id), "relation": tie.relation, **rights}


def guardians_of(learner: Learner) -> list[Guardianship]:
    """A learner's guardians with their rights, in the order the school put them."""
    return list(learner.guardianships.select_related("guardian"))
