"""Registers. What the gate proposed and what the teacher decided stand side by side; neither overwrites the other."""

from django.db import models

from tenant_apps.people.models import ClassGroup, Learner
from tenants.records import SchoolRecord

MARKS = [(mark, mark) for mark in "PLAE"]  # present, late, absent, excused (an absence with a valid reason)


class Register(SchoolRecord):
    """One class on one school day."""

    class_group = models.ForeignKey(ClassGroup, on_delete=models.PROTECT, related_name="registers")
    date = models.DateField()
    submitted_at = models.DateTimeField(null=True)
    submitted_by = models.UUIDField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["class_group", "date"], name="register_once")]


class Mark(SchoolRecord):
    """One learner in one register: the gate's proposal (with the arrival it rests on) and the teacher's mark.

    `first_mark` is the mark at registration, kept once a later one corrects it: nothing is overwritten (law.md A10).
    """

    register = models.ForeignKey(Register, on_delete=models.CASCADE, related_name="marks")
    learner = models.ForeignKey(Learner, on_delete=models.PROTECT, related_name="marks")
    proposed = models.CharField(max_length=1, choices=MARKS, blank=True, default="")
    arrived_at = models.DateTimeField(null=True)
    mark = models.CharField(max_length=1, choices=MARKS, blank=True, default="")
    marked_at = models.DateTimeField(null=True)
    marked_by = models.UUIDField(null=True)
    first_mark = models.CharField(max_length=1, choices=MARKS, blank=True, default="")
    first_marked_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["register", "learner"], name="mark_once")]
