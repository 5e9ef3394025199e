"""Mail: over SMTP when EMAIL_URL says where; in a local installation without it, into the school's mailbox table."""

from datetime import datetime

from django.conf import settings

from tenant_apps.messaging.channels import ChannelError, Mail
from tenant_apps.messaging.models import MailboxEntry
from tenants.current import SchoolRef
from tenants.mail import domain as domain
from tenants.mail import over_smtp
from tenants.scope import school_scope


def send(mail: Mail, *, school: SchoolRef, now: datetime) -> None:
    """Hand `mail` over, called outside any scope. Raises ChannelError when it was not taken."""
    if settings.EMAIL_URL:
        over_smtp(mail, at=now.astimezone(school.zone))
    elif settings.ENVIRONMENT == "local":
        _into_mailbox(mail, school=school, now=now)
    else:
        raise ChannelError("no_email_url")


def _into_mailbox(mail: Mail, *, school: SchoolRef, now: datetime) -> None:
    with school_scope(school):
        entry = MailboxEntry(
            to=mail.to, subject=mail.subject, text=mail.text, language=mail.language,
            reference=mail.reference, sent_at=now,
        )  # fmt: skip
        MailboxEntry.objects.bulk_create([entry], ignore_conflicts=True)  # a second attempt finds the first
