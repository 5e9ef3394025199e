"""Requests for access: staged here, sealed, until somebody decided; never among those who can sign in."""

from django.db import models

from shared_apps.identity.models import Login
from tenants.ids import new_id


class RequestState(models.TextChoices):
    UNCONFIRMED = "unconfirmed"  # nobody sees it: whether the mailbox is theirs is not known
    WAITING = "waiting"
    SECOND = "second"  # one of two has agreed
    LETTING_IN = "letting_in"  # decided; a school takes them on, and then the platform lets them in
    APPROVED = "approved"
    REJECTED = "rejected"


class AccessRequest(models.Model):
    """Somebody asks to be let in. Who they are is sealed, and goes at `forget_at`, whatever came of it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(max_length=12, unique=True)
    particulars_sealed = models.BinaryField()
    mailbox_index = models.BinaryField()
    organization_index = models.BinaryField()
    region = models.CharField(max_length=64)
    language = models.CharField(max_length=3)
    state = models.CharField(max_length=12, choices=RequestState.choices, default=RequestState.UNCONFIRMED)
    confirm_digest = models.BinaryField(unique=True)
    status_digest = models.BinaryField(default=b"")
    sponsor = models.UUIDField(null=True)  # the login that asked for somebody else: it does not decide
    first_by = models.UUIDField(null=True)  # the first of two who agreed
    decided_by = models.UUIDField(null=True)
    account = models.UUIDField(null=True)
    outcome = models.JSONField(default=dict)  # the role given, and codes and ids of what it is bound to
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    forget_at = models.DateTimeField()

    class Meta:
        db_table = "operator_requests"
        indexes = [
            models.Index(fields=["state", "id"], name="request_by_state"),
            models.Index(fields=["forget_at"], name="request_by_end"),
            models.Index(fields=["mailbox_index"], name="request_by_mailbox"),
            models.Index(fields=["organization_index"], name="request_by_organization"),
            models.Index(fields=["status_digest"], name="request_by_status"),
        ]


class Withdrawal(models.Model):
    """The first of two has agreed that somebody is no super admin any more. It goes when the second agrees."""

    login = models.OneToOneField(Login, on_delete=models.CASCADE, primary_key=True, related_name="+")
    first_by = models.UUIDField()
    at = models.DateTimeField()
