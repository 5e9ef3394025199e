"""Which ways out of the house this installation has: ready, in preview, or not configured."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Provider:
    """One channel. `live`: it should work everywhere; the others are in preview. `ready`: it is set up to send.

    Whether it does: in which ten minutes of the last day something last went out over it, and last failed.
    """

    channel: str
    name: str | Promise
    live: bool
    ready: bool
    last_sent: datetime | None = None
    last_failed: datetime | None = None

    @property
    def state(self) -> str:
        if self.ready:
            return "ready"
        return "not_configured" if self.live else "preview"


def providers() -> list[Provider]:
    """All four. One whose sender the product does not have yet is never ready, whatever keys are set."""
    mail = bool(settings.EMAIL_URL) or settings.ENVIRONMENT == "local"
    return [
        Provider("push", _("App notifications"), live=True, ready=False),
        Provider("email", _("Email"), live=True, ready=mail),
        Provider("whatsapp", "WhatsApp", live=False, ready=False),
        Provider("sms", "SMS", live=False, ready=False),
    ]


def name_of(channel: str) -> str:
    """A channel as people call it."""
    return next((str(one.name) for one in providers() if one.channel == channel), channel)
