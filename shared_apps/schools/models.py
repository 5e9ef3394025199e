"""New schools on their way in: the record of an onboarding, and the sealed answers that wait until they are used."""

from django.db import models

from shared_apps.workflows.models import Run
from tenants.ids import new_id


class Onboarding(models.Model):
    """How one school came in. It stays when a later step fails; no person's particulars are in it."""

    run = models.OneToOneField(Run, on_delete=models.CASCADE, primary_key=True, related_name="+")
    school = models.UUIDField(unique=True)  # bare: the school may not exist yet, or never
    name = models.CharField(max_length=200)
    timezone = models.CharField(max_length=64)
    close_time = models.TimeField()
    region = models.CharField(max_length=64, blank=True, default="")
    circle = models.UUIDField(null=True)
    admin = models.UUIDField()  # the Staff rows, by the ids they are going to have
    officer = models.UUIDField(null=True)
    handed_over_at = models.DateTimeField(null=True)  # when temporary passwords were answered, the one time
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.CharField(max_length=80, blank=True, default="")
    evidence = models.JSONField(default=dict)  # what a look at the school found when somebody acknowledged it


class Draft(models.Model):
    """Answers on their way: sealed, bound to this row, deleted by the step that uses them or after a day.

    `digest` is the review's hash: what is created is what was reviewed.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.UUIDField()
    digest = models.CharField(max_length=64)
    answers_sealed = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="draft_by_age")]
