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
    gate_days = models.PositiveSmallIntegerField(null=True)
    gate_days_used = models.PositiveSmallIntegerField(null=True)
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


class LaneDepth(models.Model):
    """How many reactions of one lane wait in a school; no row: none did when the school told."""

    id = models.BigAutoField(primary_key=True)
    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="+")
    lane = models.CharField(max_length=30)
    count = models.PositiveIntegerField()
    since = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["school", "lane"], name="lanedepth_once")]


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


class BatchState(models.TextChoices):
    COUNTING = "counting"  # the schools are asked what would happen
    READY = "ready"  # somebody looks at the counts
    RUNNING = "running"
    FOLLOWING = "following"  # done; what became of it is asked again and again
    DONE = "done"
    CANCELLED = "cancelled"


class Batch(models.Model):
    """Dead letters of one or many schools that somebody wants replayed or discarded: counted first, then acted on."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    act = models.CharField(max_length=8)  # replay, discard
    handler = models.CharField(max_length=60, blank=True, default="")  # empty: of any
    reason = models.CharField(max_length=120, blank=True, null=True)  # noqa: DJ001 (None is any, empty is none)
    why = models.CharField(max_length=30, blank=True, default="")  # a code, of a discard
    state = models.CharField(max_length=10, choices=BatchState.choices, default=BatchState.COUNTING)
    asked_by = models.CharField(max_length=80)
    asked_at = models.DateTimeField()
    acted_by = models.CharField(max_length=80, blank=True, default="")
    acted_at = models.DateTimeField(null=True)


class PartState(models.TextChoices):
    WAITING = "waiting"
    COUNTED = "counted"
    ACTED = "acted"
    FAILED = "failed"  # the school could not be asked; with `reactions`, perhaps only could not answer any more


class BatchPart(models.Model):
    """One school's share of a batch, or without a school that of the platform's own mail.

    `reactions`: the ids in question, fixed once they were counted; `beyond` so many that more cannot be taken at once.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="parts")
    school = models.ForeignKey(School, on_delete=models.CASCADE, null=True, related_name="+")
    state = models.CharField(max_length=8, choices=PartState.choices, default=PartState.WAITING)
    chosen = models.JSONField(null=True)  # None: all of the batch's cause
    reactions = models.JSONField(default=list)
    fresh = models.PositiveIntegerField(default=0)
    expired = models.PositiveIntegerField(default=0)
    beyond = models.PositiveIntegerField(default=0)
    people = models.PositiveIntegerField(default=0)
    outcome = models.JSONField(default=dict)  # state of a reaction -> how many
    taken_at = models.DateTimeField(null=True)  # by a worker that has it in hand; done: when it was last looked at

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch", "school"], name="batchpart_once", nulls_distinct=False)]
        indexes = [models.Index(fields=["batch", "state"], name="batchpart_by_state")]
