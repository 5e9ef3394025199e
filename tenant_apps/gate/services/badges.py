"""Badges: who carries which code."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from tenant_apps.events.services.record import record
from tenant_apps.gate.models import Badge
from tenant_apps.gate.rules import new_badge_code
from tenant_apps.people.models import Learner, SchoolProfile
from tenants.actor import Actor


@dataclass(frozen=True)
class BadgeState:
    """The badge a list shows for a learner: the active one, else the last that was revoked."""

    code: str
    state: Literal["active", "revoked"]


def issue_badge(*, by: Actor, now: datetime, learner: Learner) -> Badge:
    """Give a learner a new badge; the one carried so far stops working in the same transaction."""
    Learner.objects.select_for_update(no_key=True).get(pk=learner.pk)  # a learner without a badge has no row to hold
    for held in hold({learner.pk}):
        _revoke(held, by=by, now=now)
    tag = SchoolProfile.objects.values_list("badge_tag", flat=True).get()
    badge: Badge = Badge.objects.create(code=_unused_code(tag), learner=learner, issued_at=now)
    record(
        "gate.badge_issued", by=by, at=now, now=now, facts={"badge": str(badge.id)}, about={"learner": str(learner.pk)}
    )
    return badge


def revoke_badge(*, by: Actor, now: datetime, learner: Learner) -> bool:
    """Stop the learner's badge at once; False when there was none."""
    Learner.objects.select_for_update(no_key=True).get(pk=learner.pk)
    held = hold({learner.pk})
    for badge in held:
        _revoke(badge, by=by, now=now)
    return bool(held)


def hold(learners: Collection[UUID]) -> list[Badge]:
    """The active badges of these learners, held until the transaction ends."""
    active = Badge.objects.filter(learner__in=learners, revoked_at=None)
    return list(active.select_for_update(no_key=True).order_by("learner_id", "id"))


def badges_of(learners: Collection[UUID]) -> dict[UUID, BadgeState]:
    """The badge of each of these learners who ever had one. One statement."""
    rows = Badge.objects.filter(learner__in=learners).order_by("issued_at", "id")
    found: dict[UUID, BadgeState] = {}
    for learner, code, revoked_at in rows.values_list("learner", "code", "revoked_at"):
        if revoked_at is None:
            found[learner] = BadgeState(code, "active")
        elif learner not in found or found[learner].state == "revoked":
            found[learner] = BadgeState(code, "revoked")
    return found


def _revoke(badge: Badge, *, by: Actor, now: datetime) -> None:
    badge.revoked_at = now
    badge.save(update_fields=["revoked_at"])
    facts, about = {"badge": str(badge.id)}, {"learner": str(badge.learner_id)}
    record("gate.badge_revoked", by=by, at=now, now=now, facts=facts, about=about)


def _unused_code(tag: str) -> str:
    """A code nobody here ever had. Two alike at once would break the unique rule: one chance in 10^11."""
    while True:
        code = new_badge_code(tag)
        if not Badge.objects.filter(code=code).exists():
            return code
