"""The platform's own mail on its way out. Addresses and what fills the text are sealed, and go once it is sent."""

from django.db import models

from tenants.ids import new_id


class LetterState(models.TextChoices):
    QUEUED = "queued"
    SENT = "sent"
    DEAD = "dead"
    DISCARDED = "discarded"


class Letter(models.Model):
    """One mail: which text in which language; to whom and with what, sealed until it is sent."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    template = models.CharField(max_length=60)
    language = models.CharField(max_length=3)
    to_sealed = models.BinaryField()
    facts_sealed = models.BinaryField()
    once = models.CharField(max_length=120, blank=True, default="")  # the same key again is the same letter
    state = models.CharField(max_length=10, choices=LetterState.choices, default=LetterState.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    lease = models.UUIDField(null=True)  # who is taking it out now; a slower one before it no longer counts
    error = models.CharField(max_length=120, blank=True, default="")
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    died_at = models.DateTimeField(null=True)  # when it was given up last

    class Meta:
        constraints = [models.UniqueConstraint(fields=["once"], condition=~models.Q(once=""), name="letter_once")]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(state="queued"), name="letter_due"),
            models.Index(fields=["error"], condition=models.Q(state="dead"), name="letter_dead"),
        ]


class MailboxEntry(models.Model):
    """A mail of a local installation without a mail server: kept here, sealed, and shown at /dev/mailbox."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    mail_sealed = models.BinaryField()
    reference = models.CharField(max_length=120, unique=True)
    sent_at = models.DateTimeField()
