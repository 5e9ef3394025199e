"""What the platform writes down about schools besides the directory itself. No particulars of people."""

from django.db import models

from tenants.ids import new_id
from tenants.models import School, SchoolState


class Standing(models.Model):
    """A school was suspended or taken up again: who did it, when and why.

    `told_at`: when the school's own history had it, too. Until then the clock tells it again.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=10, choices=SchoolState.choices)
    at = models.DateTimeField()
    by = models.CharField(max_length=80)
    reason = models.CharField(max_length=500, blank=True, default="")
    told_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["school", "-at"], name="standing_of_school"),
            models.Index(fields=["at"], name="standing_untold", condition=models.Q(told_at=None)),
        ]


class SchoolTally(models.Model):
    """How many schools lie in a region and state, as differences to add up.

    A trigger on the directory writes one row per change, so that nobody waits for anybody; the clock adds them
    together. Counting the schools themselves would take longer with every school.
    """

    id = models.BigAutoField(primary_key=True)
    region = models.CharField(max_length=64, blank=True, default="")
    state = models.CharField(max_length=10)
    difference = models.IntegerField()


class UsedSlug(models.Model):
    """Every workspace address a school has or had: it leads to no other school, ever."""

    slug = models.SlugField(max_length=63, primary_key=True)
    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="+")
