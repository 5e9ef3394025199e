"""The people who work at the school."""

from datetime import datetime
from uuid import UUID

from tenant_apps.events.services.record import record
from tenant_apps.people.models import Staff
from tenant_apps.people.services.checks import clean_email, clean_name
from tenants.actor import Actor
from tenants.problems import conflict
from tenants.sealing import blind_index


def hire(
    *, by: Actor, now: datetime, given_name: str, family_name: str, email: str, login: UUID | None,
    person: UUID | None = None,
) -> Staff:  # fmt: skip
    """Take somebody on. `login` is their sign-in on the platform, when they have one; `person` the id they get.

    Somebody who is here under that id already is left as they are. A family name may be empty: not everybody has one.
    Raises Refusal: 422 for a bad name or address, 409 when somebody active here has that address.
    """
    found: Staff | None = Staff.objects.filter(pk=person).first() if person else None
    if found:
        return found
    family = clean_name("family_name", family_name) if family_name else ""
    member = Staff(given_name=clean_name("given_name", given_name), family_name=family, login=login)
    if person:
        member.id = person
    address = clean_email(email)
    if address and Staff.objects.filter(email_index=blind_index(address, column="email"), active=True).exists():
        raise conflict("Somebody who works here has that address already.")
    member.email = address
    member.save(force_insert=True)
    record(
        "people.staff_hired", by=by, at=now, now=now,
        about={"staff": str(member.id), "login": str(login) if login else None},
    )  # fmt: skip
    return member
