"""Making logins and giving them roles."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from shared_apps.audit.services import record
from shared_apps.identity.models import Login, Membership, Session
from shared_apps.identity.services.passwords import hash_password, nobodys_hash, temporary_password
from shared_apps.identity.services.sign_in import email_hash, put_hash, revoke
from tenants import epoch
from tenants.permissions import PLATFORM_ROLES, ROLES


@transaction.atomic
def give_role(
    *,
    email: str,
    role: str,
    by: str,
    now: datetime,
    school: UUID | None = None,
    person: UUID | None = None,
    name: str = "",
    region: str = "",
    password: str | None = None,
    temporary: bool = True,
) -> Login:
    """Give `role` to the login of `email`, made on the way if it is new (then `password` is needed).

    Idempotent. A known login keeps its password. Raises ValueError for a role that does not fit the world.
    """
    if role not in ROLES or (role in PLATFORM_ROLES) != (school is None):
        raise ValueError(f"{role} is not a role {'on the platform' if school is None else 'in a school'}.")
    login = Login.objects.filter(email_hash=email_hash(email)).first()
    if login is None:
        if password is None:
            raise ValueError("A new login needs a password.")
        fresh = {"password_hash": hash_password(password), "must_change_password": temporary}
        login = Login.objects.get_or_create(email_hash=email_hash(email), defaults=fresh)[0]  # or made beside this
    place: dict[str, Any] = {"login": login, "school_id": school, "role": role, "region": region}
    held, made = Membership.objects.get_or_create(
        **place, defaults={"person": person, "name": name if school is None else ""}
    )
    if not held.active:  # taken away before
        held.active = made = True
        held.save(update_fields=["active"])
    if made:
        epoch.raise_after_commit()
        record("identity.role_given", by=by, now=now, school=school, facts={"login": str(login.id), "role": role})
    return login


def lock_role(role: str) -> set[UUID]:
    """Who holds a role of the platform and can sign in, held fast until the end of the caller's transaction."""
    held = Membership.objects.select_for_update(of=("self",)).filter(role=role, school=None, active=True)
    return set(held.filter(login__active=True).order_by("pk").values_list("login", flat=True))


def take_role(*, login: UUID, role: str, region: str, why: str, by: str, now: datetime) -> list[str]:
    """Take a role of the platform away, in one region or in all; the regions it was held in, nothing if it was not.

    In the caller's transaction. Whoever holds no other is signed out of the platform. `why` is a code.
    """
    held = Membership.objects.filter(login=login, school=None, role=role, active=True)
    taken = held.filter(region=region) if region else held
    regions = sorted(taken.values_list("region", flat=True))
    if not regions:
        return []
    taken.update(active=False)
    epoch.raise_after_commit()
    facts = {"login": str(login), "role": role, "regions": [one for one in regions if one], "why": why}
    record("identity.role_taken", by=by, now=now, facts=facts)
    if not Membership.objects.filter(login=login, school=None, active=True).exists():
        for session in Session.objects.filter(login=login, school=None, revoked_at=None):
            revoke(session, by=by, now=now)
    return regions


def holder_of(role: str, *, school: UUID, email: str) -> Membership | None:
    """Who holds a role in the school under this address, with the login; None when nobody does."""
    held = Membership.objects.filter(school=school, role=role, active=True, login__active=True)
    return held.select_related("login").filter(login__email_hash=email_hash(email)).first()


def holds_platform_role(login: Login) -> bool:
    """Whether this person is of the platform as well: then no school's helper may touch their password."""
    return bool(login.memberships.filter(school=None, active=True).exists())


def holders(role: str) -> int:
    """How many people hold a role, everywhere."""
    return int(Membership.objects.filter(role=role, active=True, login__active=True).count())


def is_known(email: str) -> bool:
    """Whether somebody can sign in with this address."""
    return bool(Login.objects.filter(email_hash=email_hash(email)).exists())


@transaction.atomic
def account_of(*, email: str, password_hash: str) -> tuple[Login, bool]:
    """The login of an address, and whether it is new. A known one keeps its password.

    Without a hash nobody can sign in yet: a password or a link comes later. Either way it is not yet their own.
    """
    known = Login.objects.filter(email_hash=email_hash(email)).first()
    if known:
        return known, False
    defaults = {"password_hash": password_hash or nobodys_hash(), "must_change_password": True}
    return Login.objects.get_or_create(email_hash=email_hash(email), defaults=defaults)


@transaction.atomic
def remove_unused(email: str, *, by: str, now: datetime) -> bool:
    """Take away the account of an address that never held a role, with its links; whether there was one.

    Without a role nobody can have been in: nothing of anybody's is lost.
    """
    login = Login.objects.select_for_update().filter(email_hash=email_hash(email)).first()
    if login is None or login.memberships.exists() or login.sessions.exists():  # looked at under the lock
        return False
    record("identity.account_removed", by=by, now=now, facts={"login": str(login.id)})
    login.delete()
    return True


def untouched(logins: dict[str, UUID]) -> dict[str, UUID]:
    """Those of `logins` (by any name) that nobody has entered yet, and that are no platform person's by now."""
    fresh = Login.objects.filter(pk__in=logins.values(), active=True, must_change_password=True, sessions=None)
    fresh = fresh.exclude(pk__in=Membership.objects.filter(school=None, active=True).values("login"))
    there = set(fresh.values_list("pk", flat=True))
    return {name: login for name, login in logins.items() if login in there}


@transaction.atomic
def make_temporary(login: UUID, *, now: datetime) -> str:
    """Give an account a new temporary password: answered here, kept as a hash. Links that are open are spent."""
    made = temporary_password()
    held = Login.objects.select_for_update().get(pk=login)
    put_hash(held, hash_password(made), temporary=True, now=now)
    return made


def people_of(role: str, *, school: UUID) -> list[UUID]:
    """The staff rows of those who hold `role` in a school and may sign in."""
    held = Membership.objects.filter(school=school, role=role, active=True, login__active=True).exclude(person=None)
    return [person for person in held.values_list("person", flat=True).distinct() if person]
