"""The way out of the platform: a mail server, or the mailbox of a local installation without one."""

import json
from datetime import datetime

from django.conf import settings

from shared_apps.post.models import MailboxEntry
from tenants.mail import ChannelError, Mail, over_smtp
from tenants.sealing import seal_on_platform, unseal_on_platform

KEPT = {"table": MailboxEntry._meta.db_table, "column": "mail_sealed"}


def hand_over(mail: Mail, *, now: datetime) -> None:
    """Send `mail`. Raises ChannelError when it was not taken."""
    if settings.EMAIL_URL:
        over_smtp(mail, at=now)
    elif settings.ENVIRONMENT == "local":
        _into_mailbox(mail, now=now)
    else:
        raise ChannelError("no_email_url")


def _into_mailbox(mail: Mail, *, now: datetime) -> None:
    entry = MailboxEntry(reference=mail.reference, sent_at=now)
    entry.mail_sealed = seal_on_platform(json.dumps(vars(mail)), row=entry.id, **KEPT)
    MailboxEntry.objects.bulk_create([entry], ignore_conflicts=True)  # a second attempt finds the first


def opened(entry: MailboxEntry) -> Mail:
    return Mail(**json.loads(unseal_on_platform(entry.mail_sealed, row=entry.id, **KEPT)))
