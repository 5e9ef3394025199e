"""What each school last published about itself: counts, codes and times. No name, no address, no text of a message."""

from django.db import models

from tenants.ids import new_id
from tenants.models import School


class SchoolFigures(models.Model):
    """One row per school, true at `as_of`. `stirred_at`: something happened there that is perhaps not in it yet."""

    school = models.OneToOneField(School, on_delete=models.CASCADE, primary_key=True, related_name="figures")
    as_of = models.DateTimeField()
    stirred_at = models.DateTimeField(null=True)
    learners = models.PositiveIntegerField()
    active_learners = models.PositiveIntegerField()
    classes = models.PositiveIntegerField()
    staff = models.PositiveIntegerField()
    last_gate_activity = models.DateTimeField(null=True)
    quiet_days = models.PositiveSmallIntegerField(null=True)
    sent_week = models.PositiveIntegerField()
    failed_week = models.PositiveIntegerField()
    waiting = models.PositiveIntegerField()
    waiting_since = models.DateTimeField(null=True)
    stuck = models.PositiveIntegerField()
    stuck_since = models.DateTimeField(null=True)
    dead = models.PositiveIntegerField()
    dead_since = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["as_of"], name="schoolfigures_by_age")]


class DeliveryCount(models.Model):
    """Deliveries of one slot, channel and outcome (`reason` empty: sent). Without a school: of all schools together."""

    id = models.BigAutoField(primary_key=True)
    school = models.ForeignKey(School, on_delete=models.CASCADE, null=True, related_name="+")
    starts = models.DateTimeField()
    channel = models.CharField(max_length=10)
    reason = models.CharField(max_length=120, blank=True, default="")
    count = models.IntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["school", "starts", "channel", "reason"], name="deliverycount_once", nulls_distinct=False
            )
        ]
        indexes = [models.Index(fields=["starts"], name="deliverycount_by_time")]


class Trouble(models.Model):
    """How many reactions of one handler a school gave up (`dead`) or tries again (`retrying`) for one reason."""

    id = models.BigAutoField(primary_key=True)
    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=8)
    handler = models.CharField(max_length=60)
    reason = models.CharField(max_length=120, blank=True, default="")
    count = models.PositiveIntegerField()
    since = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["school", "state", "handler", "reason"], name="trouble_once")]


class DeadLetter(models.Model):
    """One of a school's newest dead letters. `reaction` is the school's own id of it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="+")
    reaction = models.UUIDField()
    handler = models.CharField(max_length=60)
    kind = models.CharField(max_length=60)
    reason = models.CharField(max_length=120, blank=True, default="")
    attempts = models.PositiveSmallIntegerField()
    happened_at = models.DateTimeField()
    died_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["school", "reaction"], name="deadletter_once")]
        indexes = [models.Index(fields=["handler", "reason", "-died_at"], name="deadletter_by_cause")]
