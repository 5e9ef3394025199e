"""What guardians are told, and how it went."""

from django.db import models

from tenant_apps.people.models import Guardian, Language, Learner
from tenants.records import SchoolRecord


class Message(SchoolRecord):
    """One thing one guardian is told about one event, in one language."""

    kind = models.CharField(max_length=40)
    event = models.UUIDField()
    learner = models.ForeignKey(Learner, on_delete=models.CASCADE, related_name="messages")
    guardian = models.ForeignKey(Guardian, on_delete=models.CASCADE, related_name="messages")
    language = models.CharField(max_length=3, choices=Language.choices)
    subject = models.CharField(max_length=200)
    text = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "guardian", "kind"], name="message_once")]


class DeliveryState(models.TextChoices):
    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"


class Delivery(SchoolRecord):
    """One message over one channel. `reference` is the same in every attempt (the mail's Message-ID)."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="deliveries")
    channel = models.CharField(max_length=10)
    state = models.CharField(max_length=8, choices=DeliveryState.choices, default=DeliveryState.QUEUED)
    reference = models.CharField(max_length=120, unique=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "channel"], name="delivery_once")]


class Attempt(SchoolRecord):
    """One try, written before the outside world is called, so that a kill in between is seen."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="attempts")
    at = models.DateTimeField()
    outcome = models.CharField(max_length=10, default="started")
    error = models.CharField(max_length=120, blank=True, default="")


class MailboxEntry(SchoolRecord):
    """A mail of a local installation without a mail server: kept here and shown at /dev/mailbox."""

    to = models.CharField(max_length=254)
    subject = models.CharField(max_length=200)
    text = models.TextField()
    language = models.CharField(max_length=3)
    reference = models.CharField(max_length=120, unique=True)
    sent_at = models.DateTimeField()
