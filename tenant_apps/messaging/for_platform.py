"""What the platform may ask about a school's messages. Plain data only."""

from typing import Any

from tenant_apps.messaging.models import MailboxEntry
from tenants.ask import for_platform

SHOWN = 500


@for_platform("messaging.mailbox")
def mailbox(*, to: str = "") -> list[dict[str, Any]]:
    """Mail of a local installation, newest first: to one address, or all of it."""
    entries = MailboxEntry.objects.order_by("-sent_at", "-id")
    if to:
        entries = entries.filter(to__iexact=to)
    return list(entries.values("to", "subject", "text", "language", "sent_at")[:SHOWN])
