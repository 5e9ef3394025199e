"""A mail of this installation on its way to the mail server that EMAIL_URL names. Both worlds send theirs through here.

`Mail` is what leaves; `ChannelError(permanent=...)` is the whole retry policy.
"""

import smtplib
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime, formataddr
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend

from tenants.reactions import ReactionError

TIMEOUT = 5  # seconds per answer of the mail server; a whole conversation stays below a reaction's lease
LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Mail:
    """What leaves. `reference` is the Message-ID, the same in every attempt, so that a reader sees it once."""

    to: str
    subject: str
    text: str
    language: str
    reference: str


class ChannelError(ReactionError):
    """It did not go out. `reason` is a code and never holds an address."""


def domain() -> str:
    """The installation's name in Message-IDs and in its own address."""
    return (urlsplit(settings.PUBLIC_URL).hostname or "localhost")[:70]


def over_smtp(mail: Mail, *, at: datetime) -> None:
    """Hand `mail` over, dated `at` in the zone of its reader. Raises ChannelError when it was not taken."""
    try:
        letter = EmailMessage(
            subject=mail.subject, body=mail.text, from_email=sender(), to=[mail.to], connection=server(),
            headers={
                "Message-ID": mail.reference,
                "Date": format_datetime(at),
                "Content-Language": mail.language,
                "Auto-Submitted": "auto-generated",
            },
        )  # fmt: skip
        letter.send()
    except (smtplib.SMTPException, OSError, ValueError) as error:
        raise failure(error) from None


def server() -> EmailBackend:
    """The mail server of EMAIL_URL: `smtps` speaks TLS at once; `smtp` turns to TLS before it shows a password."""
    parts = urlsplit(settings.EMAIL_URL)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ChannelError("bad_email_url")
    secure = parts.scheme == "smtps"
    return EmailBackend(
        host=parts.hostname,
        port=parts.port or (465 if secure else 25),
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        use_ssl=secure,
        use_tls=not secure and bool(parts.username) and parts.hostname not in LOOPBACK,
        timeout=TIMEOUT,
    )


def reach() -> None:
    """Go as far as a letter would, with TLS and sign-in, and send none. Raises ChannelError."""
    way = server()
    try:
        way.open()
        line: Any = way.connection
        line.ehlo_or_helo_if_needed()
        code, said = line.noop()
        if code != 250:
            raise smtplib.SMTPResponseException(code, said)
    except (smtplib.SMTPException, OSError, ValueError) as error:
        raise failure(error) from None
    finally:
        way.close()


def sender() -> str:
    """`?from=` of EMAIL_URL, or `no-reply@` this installation's host."""
    told = parse_qs(urlsplit(settings.EMAIL_URL).query).get("from", [""])[0]
    return formataddr(("MySentinel", told or f"no-reply@{domain()}"))


def failure(error: Exception) -> ChannelError:
    """What a failure of SMTP means for the next attempt. Only what concerns this one letter is permanent."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code = max(answer[0] for answer in error.recipients.values())
        return ChannelError(f"address_refused_{code}", permanent=code >= 500)
    if isinstance(error, smtplib.SMTPDataError):
        return ChannelError(f"mail_refused_{error.smtp_code}", permanent=error.smtp_code >= 500)
    if isinstance(error, smtplib.SMTPNotSupportedError | ValueError):
        return ChannelError("bad_address", permanent=True)
    if isinstance(error, smtplib.SMTPResponseException):
        return ChannelError(f"server_refused_{error.smtp_code}", unreachable=True)
    return ChannelError("unreachable", unreachable=True)
