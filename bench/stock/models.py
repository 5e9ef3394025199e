"""The same tables as plain models."""

import uuid

from django.db import models
from django_tenants.models import DomainMixin, TenantMixin


class Tenant(TenantMixin):
    id = models.UUIDField(primary_key=True)
    slug = models.TextField()

    class Meta:
        managed = False
        db_table = "tenants_school"


class Domain(DomainMixin):
    class Meta:
        managed = False
        db_table = "tenants_domain"


class Login(models.Model):
    id = models.UUIDField(primary_key=True)
    active = models.BooleanField()

    class Meta:
        managed = False
        db_table = "identity_login"


class Session(models.Model):
    id = models.UUIDField(primary_key=True)
    login = models.ForeignKey(Login, on_delete=models.CASCADE)
    school = models.ForeignKey(Tenant, on_delete=models.CASCADE)
    revoked_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "identity_session"


class Membership(models.Model):
    id = models.UUIDField(primary_key=True)
    login = models.ForeignKey(Login, on_delete=models.CASCADE)
    school = models.ForeignKey(Tenant, on_delete=models.CASCADE)
    role = models.TextField()
    active = models.BooleanField()

    class Meta:
        managed = False
        db_table = "identity_membership"


class Row(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)

    class Meta:
        abstract = True


class Profile(Row):
    badge_tag = models.TextField()
    bell = models.TimeField()
    close_time = models.TimeField()
    lockdown = models.BooleanField()

    class Meta:
        managed = False
        db_table = "people_schoolprofile"


class Group(Row):
    name = models.TextField()

    class Meta:
        managed = False
        db_table = "people_classgroup"


class Learner(Row):
    given_name = models.TextField()
    family_name = models.TextField()
    state = models.TextField()
    restricted = models.BooleanField()
    class_group = models.ForeignKey(Group, on_delete=models.CASCADE, null=True)

    class Meta:
        managed = False
        db_table = "people_learner"


class Gate(Row):
    name = models.TextField()

    class Meta:
        managed = False
        db_table = "gate_gate"


class Badge(Row):
    code = models.TextField()
    learner = models.ForeignKey(Learner, on_delete=models.CASCADE)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "gate_badge"


class Scan(Row):
    badge_code = models.TextField()
    learner = models.ForeignKey(Learner, on_delete=models.CASCADE, null=True)
    gate = models.ForeignKey(Gate, on_delete=models.CASCADE)
    asked = models.TextField()
    direction = models.TextField()
    verdict = models.TextField()
    code = models.TextField()
    answer_on_site = models.BooleanField(null=True)
    scanned_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    officer = models.UUIDField(null=True)
    digest = models.TextField()

    class Meta:
        managed = False
        db_table = "gate_scan"


class Presence(Row):
    learner = models.OneToOneField(Learner, on_delete=models.CASCADE)
    on_site = models.BooleanField()
    since = models.DateTimeField()
    gate = models.ForeignKey(Gate, on_delete=models.CASCADE)

    class Meta:
        managed = False
        db_table = "gate_presence"


class Event(Row):
    kind = models.TextField()
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    actor = models.TextField()
    body = models.TextField()

    class Meta:
        managed = False
        db_table = "events_event"


class Particulars(Row):
    event = models.OneToOneField(Event, on_delete=models.CASCADE)
    values = models.JSONField()

    class Meta:
        managed = False
        db_table = "events_particulars"


class Reaction(Row):
    event = models.ForeignKey(Event, on_delete=models.CASCADE)
    handler = models.TextField()
    lane = models.TextField()
    state = models.TextField(default="waiting")
    attempts = models.IntegerField(default=0)
    next_at = models.DateTimeField()
    lease = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    error = models.TextField(default="")
    done_at = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "events_reaction"
