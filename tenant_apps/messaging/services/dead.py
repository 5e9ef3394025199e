"""Who would hear of dead letters that are replayed: counted, never named."""

from collections.abc import Collection
from uuid import UUID

from tenant_apps.events.models import Particulars, Reaction
from tenant_apps.messaging.models import Message
from tenant_apps.people.models import Guardianship

DELIVER, TELL = "messaging.deliver", "messaging.tell_guardians"


def would_hear(reactions: Collection[Reaction]) -> int:
    """How many guardians would be told (again), each counted once, if these ran now. Three statements."""
    messages = Message.objects.filter(id__in=_about(reactions, DELIVER, "message")).values_list("guardian", flat=True)
    learners = _about(reactions, TELL, "learner")
    rights = Guardianship.objects.filter(learner__in=learners, may_contact=True).values_list("guardian", flat=True)
    return len(set(messages) | set(rights))


def _about(reactions: Collection[Reaction], handler: str, name: str) -> list[UUID]:
    """The ids that the events of one handler's reactions hold under `name`; erased ones are gone."""
    events = [reaction.event_id for reaction in reactions if reaction.handler == handler]
    rows = Particulars.objects.filter(event__in=events)
    return [UUID(row.values[name]["value"]) for row in rows if row.values.get(name, {}).get("value")]
