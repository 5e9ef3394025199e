"""The platform's history: append-only, with no name or address of a school's people."""

from django.db import models

from tenants.ids import new_id
from tenants.ledger import CheckpointFields, SealFields
from tenants.models import School


class PlatformEvent(models.Model):
    """Something that happened on the platform or at the wall. `body` is RFC 8785 JSON."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=60)
    at = models.DateTimeField()
    actor = models.CharField(max_length=80)
    school = models.UUIDField(null=True)
    body = models.TextField()

    class Meta:
        indexes = [
            models.Index(fields=["kind", "at"], name="platformevent_kind_at"),
            models.Index(fields=["-at", "-id"], name="platformevent_by_time"),
            models.Index(fields=["school", "-at"], name="platformevent_of_school"),
        ]


class PlatformSeal(SealFields):
    """The gapless number of a platform event, its leaf and its link."""

    event = models.OneToOneField(PlatformEvent, on_delete=models.PROTECT, related_name="seal")


class PlatformCheckpoint(CheckpointFields):
    """What was signed about the platform's first `size` events."""


class SchoolCheckpoint(models.Model):
    """A school's checkpoint in a second place, where that school's role cannot reach: a cut tail is found by it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    school = models.UUIDField()
    size = models.BigIntegerField()
    root = models.BinaryField()
    chain = models.BinaryField()
    at = models.DateTimeField()
    kid = models.CharField(max_length=40)
    signature = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["school", "size"], name="schoolcheckpoint_once")]


class SealedUntil(models.Model):
    """Every event written down before `at` is sealed, in `world` (`schools`: in each of them; or `platform`)."""

    world = models.CharField(max_length=10, primary_key=True)
    at = models.DateTimeField()


class ChainCheck(models.Model):
    """What the last check of a whole history found: `bad` is the first number that is not proven, null when all are."""

    world = models.CharField(max_length=10, primary_key=True)
    at = models.DateTimeField()
    size = models.BigIntegerField()
    bad = models.BigIntegerField(null=True)
    why = models.CharField(max_length=200, blank=True, default="")


class CanaryCheck(models.Model):
    """The last time a school was asked for what is unmistakably other schools'. Places are routes and names of ours."""

    school = models.OneToOneField(School, on_delete=models.CASCADE, primary_key=True, related_name="+")
    at = models.DateTimeField()
    others = models.PositiveIntegerField()  # schools whose canaries were looked for
    asked = models.PositiveIntegerField()
    failed = models.PositiveIntegerField()  # could not be asked
    found = models.PositiveIntegerField()  # answers that held another school's
    places = models.JSONField(default=list)  # of those that failed or were found
