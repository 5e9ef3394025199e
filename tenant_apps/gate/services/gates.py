"""The gates of a school."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from tenant_apps.events.services.record import record
from tenant_apps.gate.models import Gate
from tenants.actor import Actor
from tenants.current import current_school
from tenants.problems import conflict, invalid

LONGEST_NAME = 60


def add_gate(*, by: Actor, now: datetime, name: str) -> Gate:
    """Add a gate. Raises Refusal: 422 for an empty or long name, 409 for one that is taken."""
    tidy = " ".join(name.split())
    if not tidy or len(tidy) > LONGEST_NAME:
        raise invalid("name", "length", f"A gate has a name of at most {LONGEST_NAME} characters.")
    gate = Gate(name=tidy)
    try:
        with transaction.atomic(using=current_school().alias):
            gate.save(force_insert=True)
    except IntegrityError as error:
        raise conflict("There is a gate of that name already.") from error
    record("gate.gate_added", by=by, at=now, now=now, facts={"gate": str(gate.id), "name": tidy})
    return gate


def open_gates() -> list[Gate]:
    """The gates in use, by name."""
    return list(Gate.objects.filter(active=True).order_by("name"))


def gate_named(gate_id: UUID) -> Gate | None:
    found: Gate | None = Gate.objects.filter(pk=gate_id).first()
    return found
