"""A school's history and what follows from it."""

from typing import Any

from django.db import models
from django.db.models import Q

from tenants.lanes import Lane
from tenants.ledger import CheckpointFields, SealFields
from tenants.records import SchoolRecord


class Event(SchoolRecord):
    """Something that happened. Never changed, never deleted: the grants and two triggers see to it.

    `body` is RFC 8785 JSON holding facts about things and salted commitments to what concerns people; the
    particulars and their salts lie beside it, so that erasing them leaves the body whole.
    """

    append_only = True

    kind = models.CharField(max_length=60)
    at = models.DateTimeField()  # when it happened
    recorded_at = models.DateTimeField()  # when we heard of it
    actor = models.CharField(max_length=80)
    body = models.TextField()

    class Meta:
        indexes = [models.Index(fields=["kind", "at"], name="event_kind_at")]


class Particulars(SchoolRecord):
    """What an event says about people: `{name: {"salt": hex, "value": any}}`. May be erased; the event stays."""

    event = models.OneToOneField(Event, on_delete=models.PROTECT, related_name="particulars")
    values = models.JSONField()


class ReactionState(models.TextChoices):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    DEAD = "dead"
    EXPIRED = "expired"
    DISCARDED = "discarded"


class Reaction(SchoolRecord):
    """One thing that must follow one event: outbox row, attempts, inbox key and dead letter in one.

    `(event, handler)` is unique: that is the inbox key, and marking it done commits with the effect.
    `lease` is the fencing token of the run that holds it until `leased_until`.
    """

    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="reactions")
    handler = models.CharField(max_length=60)
    lane = models.CharField(max_length=30, choices=[(lane.value, lane.value) for lane in Lane])
    state = models.CharField(max_length=10, choices=ReactionState.choices, default=ReactionState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField()
    lease = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True, default="")
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "handler"], name="reaction_once")]
        indexes = [
            # Two equalities, not IN: PostgreSQL prints an IN with a cast more when it is read back from a dump.
            models.Index(
                fields=["lane", "next_at"],
                name="reaction_due",
                condition=Q(state="waiting") | Q(state="running"),
            ),
            models.Index(fields=["state", "handler"], name="reaction_dead", condition=Q(state="dead")),
        ]


class Seal(SealFields, SchoolRecord):
    """The gapless number of an event, its leaf of the tree and its link of the chain. Written by the sealer alone."""

    append_only = True

    id: Any = None  # `seq` is the key
    event = models.OneToOneField(Event, on_delete=models.PROTECT, related_name="seal")


class Checkpoint(CheckpointFields, SchoolRecord):
    """What was signed about the first `size` events."""

    append_only = True

    id: Any = None  # `size` is the key
