"""The directory of schools: identity, lifecycle and where each one lies. No people."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import models
from django.utils.timezone import now
from django_tenants.models import DomainMixin, TenantMixin

from tenants import epoch
from tenants.current import SchoolRef
from tenants.ids import new_id


class SchoolState(models.TextChoices):
    PENDING = "pending"
    ACTIVE = "active"
    DISABLED = "disabled"


class School(TenantMixin):  # type: ignore[misc]
    """One school as the platform knows it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    slug = models.SlugField(max_length=63, unique=True)
    name = models.CharField(max_length=200)
    timezone = models.CharField(max_length=64, default="Africa/Johannesburg")
    state = models.CharField(max_length=10, choices=SchoolState.choices, default=SchoolState.PENDING)
    created_at = models.DateTimeField(default=now, editable=False)
    # Where it lies, as a path of codes: ZA, ZA-GP (ISO 3166-2), ZA-GP-tshwane. Scope is by prefix.
    region = models.CharField(max_length=64, blank=True, default="")

    auto_create_schema = False
    auto_drop_schema = False

    class Meta:
        ordering = ("name",)

    # TenantMixin's own create and drop schemas through the migrator's login, which run-time processes do not have.
    def save(self, *args: Any, **kwargs: Any) -> None:
        models.Model.save(self, *args, **kwargs)
        epoch.raise_after_commit()  # its state decides who may come in

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        return models.Model.delete(self, *args, **kwargs)

    def ref(self) -> SchoolRef:
        """This school for `school_scope`. Reads the placement (one query unless selected with it)."""
        place = self.placement
        return SchoolRef(
            id=self.id, slug=self.slug, name=self.name, timezone=self.timezone, state=self.state,
            alias=place.alias, schema=self.schema_name, role=place.role, key=bytes(place.wrapped_key),
        )  # fmt: skip


class Domain(DomainMixin):  # type: ignore[misc]
    """Demanded by django-tenants. No request is ever routed by it: the token names the school."""


class SchoolPlacement(models.Model):
    """Where a school lies: which database, which role, and its data key wrapped by the key-encryption key."""

    school = models.OneToOneField(School, on_delete=models.CASCADE, primary_key=True, related_name="placement")
    alias = models.CharField(max_length=40, default="schools")
    role = models.CharField(max_length=63, unique=True)
    wrapped_key = models.BinaryField()
    # The fleet's ledger: which state of the migrations this school is at, and why it is not further.
    fingerprint = models.CharField(max_length=64, default="")
    migrated_at = models.DateTimeField(default=now)
    quarantined = models.BooleanField(default=False)  # a migration failed: the school answers 503
    migration_error = models.CharField(max_length=500, blank=True, default="")
    drift_checked_at = models.DateTimeField(null=True)  # when its catalog was last compared with the reference


class SlowStepState(models.TextChoices):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class SlowStep(models.Model):
    """A migration that cannot run in a transaction (concurrent indexes), for one school: what became of it."""

    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="slow_steps")
    app = models.CharField(max_length=60)
    name = models.CharField(max_length=120)
    state = models.CharField(max_length=10, choices=SlowStepState.choices, default=SlowStepState.WAITING)
    attempts = models.PositiveIntegerField(default=0)  # counted before each
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["school", "app", "name"], name="slow_step_once")]


class DriftFinding(models.Model):
    """A school whose schema is not what the migrations make of it; open until a later look finds nothing."""

    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="drift_findings")
    differences = models.JSONField()  # lines of `catalog.differences`, the first so many
    number = models.PositiveIntegerField()  # of differences in all
    found_at = models.DateTimeField()
    seen_at = models.DateTimeField()  # the last look that still found it
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["school"], condition=models.Q(resolved_at=None), name="drift_one_open_finding"
            )
        ]


class GoldenSchema(models.Model):
    """The SQL that builds a school, dumped once per state of the migrations."""

    fingerprint = models.CharField(max_length=64, primary_key=True)
    template = models.CharField(max_length=63)
    text = models.TextField()
    catalog = models.JSONField(default=list)  # lines of `tenants.catalog`: what drift is measured against
    created_at = models.DateTimeField(default=now, editable=False)


class Heartbeat(models.Model):
    """When each job of the worker last came to its end; what the watchdog and the operator look at."""

    name = models.CharField(max_length=60, primary_key=True)
    at = models.DateTimeField()


class Epoch(models.Model):
    """One row, raised by triggers when anybody's rights change (`tenants.epoch`)."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    number = models.BigIntegerField(default=0)


class Queued(models.Model):
    """A wake-up that waits in the queue: the next one for the same job and school has nothing to add."""

    key = models.CharField(max_length=110, primary_key=True)
    at = models.DateTimeField()


def school_ref(school_id: UUID) -> SchoolRef:
    """The school with this id. Raises School.DoesNotExist."""
    school: School = School.objects.select_related("placement").get(pk=school_id)
    return school.ref()


def school_refs(*states: str) -> list[SchoolRef]:
    """Every school in one of `states` (default: active)."""
    wanted = states or (SchoolState.ACTIVE,)
    return [school.ref() for school in School.objects.select_related("placement").filter(state__in=wanted)]
