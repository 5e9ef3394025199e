"""The people of a school, its calendar, its classes. Contacts are sealed; names are not: lists are searched by them."""

from typing import Any

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from tenants.records import SchoolRecord
from tenants.sealing import blind_index, seal, unseal


class Language(models.TextChoices):
    ENGLISH = "en", "English"
    AFRIKAANS = "af", "Afrikaans"
    ISIZULU = "zu", "isiZulu"


class SchoolProfile(SchoolRecord):
    """One row: how this school runs. Name and timezone belong to the platform's record (`SchoolRef`)."""

    kind = models.CharField(
        max_length=11, default="public", choices=[("public", "public"), ("independent", "independent")]
    )
    bell = models.TimeField()  # an arrival after it is late
    close_time = models.TimeField()  # a departure after it is a late pickup
    default_language = models.CharField(max_length=3, choices=Language.choices, default=Language.ENGLISH)
    badge_tag = models.CharField(max_length=4, unique=True)  # first part of every badge code of this school
    lockdown = models.BooleanField(default=False)  # until emergencies exist
    # This school's own and shown nowhere: found anywhere in another school it proves a leak.
    canary = models.UUIDField(db_default=RandomUUID(), editable=False)


class AcademicYear(SchoolRecord):
    year = models.PositiveSmallIntegerField(unique=True)


class Term(SchoolRecord):
    year = models.ForeignKey(AcademicYear, on_delete=models.CASCADE, related_name="terms")
    number = models.PositiveSmallIntegerField()
    starts_on = models.DateField()
    ends_on = models.DateField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["year", "number"], name="term_once")]


class CalendarDay(SchoolRecord):
    """A day that differs from the calendar's rule: a holiday inside a term, or an extra school day."""

    date = models.DateField(unique=True)
    school_day = models.BooleanField()
    name = models.CharField(max_length=100)


class Staff(SchoolRecord):
    """Somebody who works here. `login` is the platform's id, a bare UUID."""

    given_name = models.CharField(max_length=100)
    family_name = models.CharField(max_length=100)
    email_sealed = models.BinaryField(default=b"")
    email_index = models.BinaryField(default=b"")
    login = models.UUIDField(null=True)
    active = models.BooleanField(default=True)

    class Meta:
        indexes = [models.Index(fields=["email_index"], name="staff_by_email")]

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}".strip()

    @property
    def email(self) -> str:
        return unseal(self.email_sealed, table="people_staff", column="email", row=self.id)

    @email.setter
    def email(self, value: str) -> None:
        self.email_sealed = seal(value, table="people_staff", column="email", row=self.id)
        self.email_index = blind_index(value, column="email") if value else b""


class ClassGroup(SchoolRecord):
    year = models.ForeignKey(AcademicYear, on_delete=models.PROTECT, related_name="classes")
    name = models.CharField(max_length=20)
    grade = models.PositiveSmallIntegerField()  # 0 is Grade R
    teacher = models.ForeignKey(Staff, on_delete=models.SET_NULL, null=True, related_name="classes")

    class Meta:
        ordering = ("grade", "name")
        constraints = [models.UniqueConstraint(fields=["year", "name"], name="class_once")]


class LearnerState(models.TextChoices):
    ACTIVE = "active"
    INACTIVE = "inactive"


class Learner(SchoolRecord):
    """A child. `restricted`: may not leave on a scan alone."""

    number = models.CharField(max_length=20, unique=True)
    given_name = models.CharField(max_length=100)
    family_name = models.CharField(max_length=100)
    class_group = models.ForeignKey(ClassGroup, on_delete=models.PROTECT, related_name="learners", null=True)
    state = models.CharField(max_length=8, choices=LearnerState.choices, default=LearnerState.ACTIVE)
    restricted = models.BooleanField(default=False)
    enrolled_on = models.DateField()
    left_on = models.DateField(null=True)

    class Meta:
        ordering = ("family_name", "given_name", "id")
        indexes = [
            models.Index(Lower("family_name"), Lower("given_name"), "id", name="learner_by_name"),
            models.Index(fields=["class_group"], name="learner_of_class", condition=Q(state="active")),
        ]

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}"


class Guardian(SchoolRecord):
    given_name = models.CharField(max_length=100)
    family_name = models.CharField(max_length=100)
    language = models.CharField(max_length=3, choices=Language.choices, default=Language.ENGLISH)
    email_sealed = models.BinaryField(default=b"")
    email_index = models.BinaryField(default=b"")
    phone_sealed = models.BinaryField(default=b"")
    phone_index = models.BinaryField(default=b"")

    class Meta:
        indexes = [
            models.Index(fields=["email_index"], name="guardian_by_email"),
            models.Index(fields=["phone_index"], name="guardian_by_phone"),
        ]

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}"

    @property
    def email(self) -> str:
        return self._open("email")

    @email.setter
    def email(self, value: str) -> None:
        self._seal("email", value)

    @property
    def phone(self) -> str:
        """E.164, or empty."""
        return self._open("phone")

    @phone.setter
    def phone(self, value: str) -> None:
        self._seal("phone", value)

    def _open(self, column: str) -> str:
        sealed: Any = getattr(self, f"{column}_sealed")
        return unseal(sealed, table="people_guardian", column=column, row=self.id)

    def _seal(self, column: str, value: str) -> None:
        setattr(self, f"{column}_sealed", seal(value, table="people_guardian", column=column, row=self.id))
        setattr(self, f"{column}_index", blind_index(value, column=column) if value else b"")


class Guardianship(SchoolRecord):
    """What one guardian is to one child, and what they may."""

    learner = models.ForeignKey(Learner, on_delete=models.CASCADE, related_name="guardianships")
    guardian = models.ForeignKey(Guardian, on_delete=models.CASCADE, related_name="guardianships")
    relation = models.CharField(max_length=20)  # mother, father, grandparent, aunt_uncle, other
    may_contact = models.BooleanField(default=True)
    may_collect = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("position", "id")
        constraints = [models.UniqueConstraint(fields=["learner", "guardian"], name="guardianship_once")]
