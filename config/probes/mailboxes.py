"""The way out for mail, walked as far as a letter would go."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings

from config.probes.lines import Line, broken, missing, ready
from tenants import mail

HINTS = {
    "bad_email_url": "is not smtp://… or smtps://…",
    "unreachable": "does not answer, or its certificate is not trusted",
}


def email() -> Iterator[Line]:
    about = "EMAIL_URL"
    if not settings.EMAIL_URL:
        local = "; mail is kept at /dev/mailbox" if settings.ENV.local else ""
        yield missing(about, f"guardians hear nothing{local}")
        return
    try:
        mail.reach()
        parts = urlsplit(settings.EMAIL_URL)
        yield ready(about, f"connects, {'signs in, ' if parts.username else ''}answers; nothing was sent")
    except mail.ChannelError as error:
        yield broken(about, HINTS.get(error.reason, f"fails with {error.reason}"))
