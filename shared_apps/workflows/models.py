"""Long work, kept as rows: a run and its steps, one transaction each. Ids and codes only."""

from django.db import models
from django.db.models import Q

from tenants.ids import new_id


class RunState(models.TextChoices):
    RUNNING = "running"
    COMPLETE = "complete"
    PARTIAL = "partial_failure"  # a later step was given up; what the first ones made stays
    FAILED = "failed"  # the first step was given up: nothing was made
    CANCELLED = "cancelled"


class Run(models.Model):
    """One piece of long work. A workflow has one run per `key`, however often it is started."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    workflow = models.CharField(max_length=60)
    key = models.CharField(max_length=80)
    started_by = models.CharField(max_length=80)
    state = models.CharField(max_length=15, choices=RunState.choices, default=RunState.RUNNING)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workflow", "key"], name="run_once")]
        indexes = [
            models.Index(fields=["workflow", "state", "-created_at"], name="run_by_state"),
            models.Index(
                fields=["ended_at"], name="run_given_up", condition=Q(state__in=["partial_failure", "failed"])
            ),
        ]


class StepState(models.TextChoices):
    LATER = "later"  # another step comes first
    WAITING = "waiting"  # due at `wake_at`
    RUNNING = "running"  # somebody has it until `leased_until`
    DONE = "done"
    SKIPPED = "skipped"  # its time passed while nobody could do it
    FAILED = "failed"
    CANCELLED = "cancelled"


class Step(models.Model):
    """One transaction of a run.

    `attempts` is counted before the work starts, `spent_at` is the number of attempts after which it is given up.
    `fence` rises with every claim: whoever holds an older number may not write any more.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=60)
    lane = models.CharField(max_length=12)
    state = models.CharField(max_length=10, choices=StepState.choices, default=StepState.LATER)
    attempts = models.PositiveSmallIntegerField(default=0)
    spent_at = models.PositiveSmallIntegerField()
    fence = models.PositiveIntegerField(default=0)
    wake_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=80, blank=True, default="")  # a code, of the last attempt that failed
    result = models.JSONField(default=dict)  # ids and codes

    class Meta:
        ordering = ("position",)
        constraints = [
            models.UniqueConstraint(fields=["run", "position"], name="step_in_its_place"),
            models.UniqueConstraint(fields=["run", "name"], name="step_once"),
        ]
        indexes = [
            models.Index(fields=["lane", "wake_at"], name="step_due", condition=Q(state__in=["waiting", "running"])),
        ]
