"""The gate: who carries which badge, what was scanned, who is on site."""

from django.db import models
from django.db.models import Q

from tenant_apps.people.models import Learner
from tenants.records import SchoolRecord


class Gate(SchoolRecord):
    name = models.CharField(max_length=60, unique=True)
    active = models.BooleanField(default=True)


class Badge(SchoolRecord):
    """A code a learner carries: `TAG-XXXXXXXX-C`, opaque, revocable (see `rules.py` for its form)."""

    code = models.CharField(max_length=24, unique=True)
    learner = models.ForeignKey(Learner, on_delete=models.CASCADE, related_name="badges")
    issued_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["learner"], condition=Q(revoked_at=None), name="badge_one_active")
        ]


class Scan(SchoolRecord):
    """One tap at a gate, refused ones too; never changed. `id` is made by the phone.

    `asked` is the direction the phone sent, `direction` the one it came to; `answer_on_site` and `code` what it was
    told. `digest` hashes what the phone sent, so that the same id with other content is a conflict.
    """

    append_only = True

    badge_code = models.CharField(max_length=64)
    learner = models.ForeignKey(Learner, on_delete=models.PROTECT, null=True, related_name="scans")
    gate = models.ForeignKey(Gate, on_delete=models.PROTECT, related_name="scans")
    asked = models.CharField(max_length=4)
    direction = models.CharField(max_length=3)
    verdict = models.CharField(max_length=8)
    code = models.CharField(max_length=16)
    answer_on_site = models.BooleanField(null=True)
    scanned_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    officer = models.UUIDField(null=True)
    digest = models.CharField(max_length=64)

    class Meta:
        indexes = [
            models.Index(fields=["-scanned_at"], name="scan_by_time"),
            models.Index(fields=["learner", "-scanned_at"], name="scan_of_learner"),
        ]


class Presence(SchoolRecord):
    """Where a learner was last seen; a projection of the admitted scans. Holds for the local day of `since` only."""

    learner = models.OneToOneField(Learner, on_delete=models.CASCADE, related_name="presence")
    on_site = models.BooleanField()
    since = models.DateTimeField()  # scanned_at of the scan that put it here
    gate = models.ForeignKey(Gate, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["since"], name="presence_on_site", condition=Q(on_site=True))]


class Flow(SchoolRecord):
    """How many came and went in one half hour of a local day; a projection of the scans that moved somebody."""

    day = models.DateField()
    starts = models.TimeField()  # local, :00 or :30
    arrivals = models.PositiveIntegerField(default=0)
    departures = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "starts"], name="flow_once")]
