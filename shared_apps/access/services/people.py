"""The people of the platform: who holds what, and taking it away again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext

from shared_apps.access.models import Withdrawal
from shared_apps.access.rules import AGREED_FOR, NEEDS_TWO, WHY_TAKEN, grantable
from shared_apps.audit.services import record
from shared_apps.groups.models import CircleKeeper, CircleSchool
from shared_apps.groups.services import leave_circles, regions_of, under
from shared_apps.identity.models import Login, Membership
from shared_apps.identity.services.accounts import lock_role, take_role
from tenants.actor import Actor
from tenants.models import School
from tenants.permissions import PLATFORM_ROLES
from tenants.problems import Refusal, conflict, forbidden, invalid, not_found


@dataclass(frozen=True)
class Held:
    """A role somebody holds, and what it is bound to."""

    role: str
    regions: tuple[str, ...] = ()
    circles: tuple[tuple[UUID, str], ...] = ()


@dataclass(frozen=True)
class Person:
    """Somebody who works for the platform. `may_take`: the roles that whoever looks may take away from them."""

    id: UUID
    name: str
    roles: tuple[Held, ...]
    may_take: tuple[str, ...]
    agreed: bool  # one of two has agreed that they are no super admin any more


def within(actor: Actor) -> QuerySet[Login]:
    """The people whom `actor` may see: all, or those who hold nothing beyond their regions; none by default."""
    held = Membership.objects.filter(login=OuterRef("pk"), school=None, active=True, role__in=PLATFORM_ROLES)
    people: QuerySet[Login] = Login.objects.filter(Exists(held), active=True)
    if actor.scope != "platform" or not actor.roles & {"super_admin", "regional_admin"}:
        return people.none()
    if "super_admin" in actor.roles:
        return people
    mine = Q(pk__in=[])
    for region in regions_of(actor):
        mine |= under(region)
    regional, local = Q(role="regional_admin") & mine, Q(role="local_operator")
    kept = CircleSchool.objects.filter(circle__keepers=OuterRef("pk"))
    here = School.objects.filter(mine).values("pk")
    inside = Exists(held.filter(regional)) | (Exists(held.filter(local)) & Exists(kept.filter(school__in=here)))
    beyond = Exists(held.exclude(regional | local)) | Exists(kept.exclude(school__in=here))
    return people.filter(inside).exclude(beyond)


def listed(
    actor: Actor, *, search: str, after: UUID | None, limit: int, now: datetime
) -> tuple[list[Person], UUID | None]:
    """A page of them, the latest come last, and where the next one starts."""
    found = within(actor)
    for word in search.split():
        found = found.filter(Exists(_named(word)))
    rows = list((found.filter(pk__gt=after) if after else found).order_by("pk")[: limit + 1])
    more = rows[limit - 1].pk if len(rows) > limit else None
    return _opened(actor, [row.pk for row in rows[:limit]], now), more


def _named(word: str) -> QuerySet[Membership]:
    return Membership.objects.filter(login=OuterRef("pk"), school=None, active=True, name__icontains=word)


def found(actor: Actor, person: UUID | None, *, now: datetime) -> Person:
    """One of them. Raises 404 for whoever holds something beyond reach, and for whoever holds nothing."""
    if person is None or not within(actor).filter(pk=person).exists():
        raise not_found()
    return _opened(actor, [person], now)[0]


def _opened(actor: Actor, people: Sequence[UUID], now: datetime) -> list[Person]:
    rows = Membership.objects.filter(login__in=people, school=None, active=True, role__in=PLATFORM_ROLES)
    held: dict[UUID, list[Membership]] = {}
    for row in rows.order_by("role", "region"):
        held.setdefault(row.login_id, []).append(row)
    circles: dict[UUID, list[tuple[UUID, str]]] = {}
    for keeper in CircleKeeper.objects.filter(login__in=people).select_related("circle").order_by("circle__name"):
        circles.setdefault(keeper.login_id, []).append((keeper.circle_id, keeper.circle.name))
    agreed = set(_agreements(now).filter(login__in=people).values_list("login", flat=True))
    return [
        Person(
            key, next((row.name for row in held[key] if row.name), ""), _roles(held[key], circles.get(key, ())),
            _may_take(actor, key, held[key]), key in agreed,
        )
        for key in people if key in held
    ]  # fmt: skip


def _roles(rows: Sequence[Membership], circles: Iterable[tuple[UUID, str]]) -> tuple[Held, ...]:
    regions: dict[str, list[str]] = {}
    for row in rows:
        regions.setdefault(row.role, []).extend([row.region] if row.region else [])
    ordered = [role for role in PLATFORM_ROLES if role in regions]
    return tuple(
        Held(role, tuple(regions[role]), tuple(circles) if role == "local_operator" else ()) for role in ordered
    )


def _may_take(actor: Actor, person: UUID, rows: Sequence[Membership]) -> tuple[str, ...]:
    held = {row.role for row in rows}
    return tuple(role for role in grantable(actor.roles) if role in held) if person != actor.login else ()


@transaction.atomic
def take_away(*, person: UUID | None, role: str, region: str, why: str, by: Actor, now: datetime) -> bool:
    """Take a role away; of a regional admin one region, or with "" all. False: a second super admin has to agree.

    Felt at the next request. Raises 403 `own_role`, 404, 409 `not_held`, `second_person`, 422.
    """
    if person is None or not within(by).filter(pk=person).exists():
        raise not_found()
    if person == by.login:
        raise Refusal(403, "own_role", gettext("Nobody takes their own role away. Somebody else has to do it."))
    _must_be_sound(role, region, why)
    if role not in grantable(by.roles):
        raise forbidden()
    # One after the other. Whoever decides about a super admin is one, and another: so one is always left.
    holders = lock_role(role)
    if person not in holders or not (role not in NEEDS_TWO or by.login in holders):
        raise _not_held()
    if role in NEEDS_TWO and not _second(person, holders, by, now):
        return False
    if not take_role(login=person, role=role, region=region, why=why, by=by.name_in_audit, now=now):
        raise _not_held()
    if role == "local_operator":
        leave_circles(person, by=by.name_in_audit, now=now)
    return True


def _must_be_sound(role: str, region: str, why: str) -> None:
    if role not in PLATFORM_ROLES:
        raise invalid("role", "unknown", gettext("Choose a role from the list."))
    if region and role != "regional_admin":
        raise invalid("region", "unexpected", gettext("This role is not bound to that."))
    if why not in WHY_TAKEN:
        raise invalid("reason", "unknown", gettext("Choose a reason from the list."))


def _not_held() -> Refusal:
    return conflict(gettext("This person does not hold that role any more."), "not_held")


def _agreements(now: datetime) -> QuerySet[Withdrawal]:
    """Those that count still: the word of somebody who is no super admin any more does not."""
    sound = Membership.objects.filter(
        login=OuterRef("first_by"), role="super_admin", school=None, active=True, login__active=True
    )
    return Withdrawal.objects.filter(Exists(sound), at__gt=now - AGREED_FOR)


def _second(person: UUID, holders: Iterable[UUID], by: Actor, now: datetime) -> bool:
    """Whether this is the second of two who may. The first agreement is kept and nothing is taken."""
    if by.login is None:
        raise ValueError("Only people agree.")
    agreed = _agreements(now).filter(login=person, first_by__in=holders).first()
    if agreed and agreed.first_by == by.login:
        detail = gettext("You have agreed to this already. A second super admin has to agree, too.")
        raise conflict(detail, "second_person")
    if agreed:
        agreed.delete()
        return True
    Withdrawal.objects.update_or_create(login_id=person, defaults={"first_by": by.login, "at": now})
    record("access.withdrawal_agreed", by=by.name_in_audit, now=now, facts={"login": str(person)})
    return False
