"""How many learners each school has to be billed for. Counts alone: no person, no amount of money."""

from django.db import models

from tenants.models import School


class Sent(models.Model):
    """Messages that a school sent in a month, by channel."""

    push = models.PositiveIntegerField(default=0)
    email = models.PositiveIntegerField(default=0)
    whatsapp = models.PositiveIntegerField(default=0)
    sms = models.PositiveIntegerField(default=0)

    class Meta:
        abstract = True


class LearnerCount(Sent):
    """What a school last told about one month, and how its number came about (`rules.MonthTold`)."""

    id = models.BigAutoField(primary_key=True)
    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="learner_counts")
    month = models.DateField()
    billable = models.PositiveIntegerField()
    as_of = models.DateTimeField()
    school_days = models.PositiveSmallIntegerField()
    throughout = models.PositiveIntegerField()
    joined = models.PositiveIntegerField()
    departed = models.PositiveIntegerField()
    visited = models.PositiveIntegerField()
    outside = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["school", "month"], name="learnercount_once")]
        indexes = [models.Index(fields=["month"], name="learnercount_by_month")]


class ClosedMonth(models.Model):
    """A month that is billed: its rows stand as they stood, and `digest` proves it. Append-only, as its rows are.

    `schools` have a count in it, `left_out` have none. `reason`: why somebody closed it without those it waited for.
    """

    month = models.DateField(primary_key=True)
    closed_at = models.DateTimeField()
    schools = models.PositiveIntegerField()
    left_out = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    closed_by = models.CharField(max_length=80, default="system:billing")
    reason = models.CharField(max_length=500, blank=True, default="")


class ClosedCount(Sent):
    """One school's row of a closed month, with the name it had then. Without a number it was left out."""

    id = models.BigAutoField(primary_key=True)
    month = models.ForeignKey(ClosedMonth, on_delete=models.PROTECT, related_name="rows")
    school = models.UUIDField()
    name = models.CharField(max_length=200)
    billable = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["month", "school"], name="closedcount_once")]
        indexes = [models.Index(fields=["month", "name", "school"], name="closedcount_by_name")]


class Adjustment(models.Model):
    """A school's count changed after its month was closed: by how much, and when that was noticed."""

    id = models.BigAutoField(primary_key=True)
    month = models.ForeignKey(ClosedMonth, on_delete=models.PROTECT, related_name="adjustments")
    school = models.UUIDField()
    name = models.CharField(max_length=200)
    difference = models.IntegerField()
    noticed_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["month", "noticed_at"], name="adjustment_of_month")]
