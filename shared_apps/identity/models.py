"""Who may sign in. No name and no address of a school's people: an address is a keyed hash, a person a bare id."""

from django.db import models
from django.utils import timezone

from tenants.ids import new_id
from tenants.models import School
from tenants.permissions import ROLES


class Login(models.Model):
    """One way to sign in: a keyed hash of an address and an Argon2id hash of a password."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    email_hash = models.BinaryField(unique=True)
    password_hash = models.CharField(max_length=200)
    must_change_password = models.BooleanField(default=False)
    active = models.BooleanField(default=True)
    language = models.CharField(max_length=5, blank=True, default="")  # empty: the school's default
    appearance = models.CharField(max_length=10, blank=True, default="")  # empty: the system's
    created_at = models.DateTimeField(default=timezone.now, editable=False)


class Membership(models.Model):
    """A role somebody holds, on the platform (no school) or in one school, where `person` is their Staff row."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    login = models.ForeignKey(Login, on_delete=models.CASCADE, related_name="memberships")
    school = models.ForeignKey(School, on_delete=models.CASCADE, null=True, related_name="+")
    role = models.CharField(max_length=20, choices=[(role, role) for role in ROLES])
    person = models.UUIDField(null=True)
    name = models.CharField(max_length=200, blank=True, default="")  # of platform people only
    region = models.CharField(max_length=64, blank=True, default="")  # of regional admins: ZA, ZA-GP, ZA-GP-tshwane
    active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            # A regional admin may answer for several regions.
            models.UniqueConstraint(
                fields=["login", "school", "role", "region"], name="membership_once_per_region", nulls_distinct=False
            ),
            models.CheckConstraint(
                name="membership_nameless_in_school", condition=models.Q(school=None) | models.Q(name="")
            ),
        ]


class Session(models.Model):
    """One signed-in device. Revoking it is felt at the next request: tokens are checked against this row."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    login = models.ForeignKey(Login, on_delete=models.CASCADE, related_name="sessions")
    school = models.ForeignKey(School, on_delete=models.CASCADE, null=True, related_name="+")
    scope = models.CharField(max_length=10)
    device = models.CharField(max_length=120)
    created_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["login", "-last_seen_at"], name="session_of_login")]


class RefreshToken(models.Model):
    """One link of a session's refresh chain, kept as a hash. The session is the family."""

    digest = models.BinaryField(primary_key=True)
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="refresh_tokens")
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class SignInFailure(models.Model):
    """A failed sign-in, by account hash (known or not) and by network, for throttling."""

    id = models.BigAutoField(primary_key=True)
    account = models.BinaryField()
    network = models.BinaryField()
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["account", "at"], name="failure_by_account"),
            models.Index(fields=["network", "at"], name="failure_by_network"),
            models.Index(fields=["at"], name="failure_by_time"),
        ]


class SignInRefusals(models.Model):
    """How many tries to sign in one minute saw refused, their passwords not looked at; `at`: the first of them."""

    minute = models.DateTimeField(primary_key=True)
    at = models.DateTimeField()
    tries = models.PositiveBigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["at"], name="signinrefusals_by_time")]


class Link(models.Model):
    """A single-use link with which somebody sets their password. Only a hash of its secret is kept."""

    digest = models.BinaryField(primary_key=True)
    purpose = models.CharField(max_length=10)  # invite, forgotten
    login = models.ForeignKey(Login, on_delete=models.CASCADE, related_name="links")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class Asking(models.Model):
    """That somebody asked for something that may be asked for so often only. `key`: what for, and a hash of by whom."""

    id = models.BigAutoField(primary_key=True)
    key = models.BinaryField()
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["key", "at"], name="asking_by_key")]
