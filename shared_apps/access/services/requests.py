"""Asking for access: written down sealed, confirmed by the mailbox's owner, followed by a secret link."""

import json
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext

from shared_apps.access.models import AccessRequest, RequestState
from shared_apps.access.rules import CONFIRM_WITHIN, DOUBLED, WAITS_AT_MOST, plain_text
from shared_apps.audit.services import record
from shared_apps.identity.rules import mailbox
from shared_apps.identity.services import limits
from shared_apps.post.services import send
from shared_apps.regions.services import is_known
from tenants.problems import FieldError, Refusal
from tenants.sealing import platform_digest, seal_on_platform, unseal_on_platform
from tenants.secret import digest, new_secret
from tenants.turns import wait_for

LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # none that looks like another
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Particulars:
    """What somebody said of themselves. `answer` is the reason they were given when refused."""

    full_name: str
    work_email: str
    organization: str
    reason: str
    answer: str = ""


def ask(
    *, said: Particulars, region: str, language: str, network: str, sponsor: UUID | None, now: datetime
) -> AccessRequest:
    """Write a request down and mail a link that confirms it; the same for an address that is known and one that is not.

    The mail holds nothing that was typed, so that it cannot carry words to somebody else's mailbox. The same again,
    as a second click sends it, is the same request and no second mail. Raises 422, 429.
    """
    told: dict[str, Any] = {"said": said, "region": region, "sponsor": sponsor, "now": now}
    _may_ask(said, region, network, now)
    with transaction.atomic():
        wait_for(_mailbox(said.work_email))
        return _just_asked(**told) or _write(**told, language=language)[0]


def _mailbox(work_email: str) -> bytes:
    return platform_digest("request-mailbox", work_email)


def _just_asked(*, said: Particulars, region: str, sponsor: UUID | None, now: datetime) -> AccessRequest | None:
    recent = AccessRequest.objects.filter(
        mailbox_index=_mailbox(said.work_email), state=RequestState.UNCONFIRMED, region=region, sponsor=sponsor,
        created_at__gt=now - DOUBLED,
    )  # fmt: skip
    return next((one for one in recent if said_in(one) == said), None)


def written_down(*, said: Particulars, region: str, language: str, network: str, now: datetime) -> str:
    """The same, for the secret that confirms it: for who needs no mail to know it, and for nobody's answer."""
    _may_ask(said, region, network, now)
    return _write(said=said, region=region, language=language, sponsor=None, now=now)[1]


def _may_ask(said: Particulars, region: str, network: str, now: datetime) -> None:
    _must_be_right(said, region)
    limits.spend("access-network", of=network, limit=60, per=HOUR, now=now)
    limits.spend("access", of=mailbox(said.work_email), limit=5, per=DAY, now=now)


def _write(
    *, said: Particulars, region: str, language: str, sponsor: UUID | None, now: datetime
) -> tuple[AccessRequest, str]:
    secret = new_secret()
    asked = AccessRequest(
        reference="".join(secrets.choice(LETTERS) for _ in range(8)), region=region, language=language,
        mailbox_index=_mailbox(said.work_email), sponsor=sponsor, created_at=now,
        organization_index=platform_digest("request-organization", " ".join(said.organization.split())),
        confirm_digest=digest("confirm-request", secret), forget_at=now + CONFIRM_WITHIN,
    )  # fmt: skip
    put(asked, said)
    with transaction.atomic():
        asked.save(force_insert=True)
        link = f"{settings.PUBLIC_URL}/request-access/confirm/{secret}?in={language}"
        facts = {"link": link, "reference": asked.reference}
        send(template="access/confirm", to=said.work_email, language=language, now=now, facts=facts)
    return asked, secret


def waits_or_waited(work_email: str) -> bool:
    """Whether a request of this mailbox is still kept, however it stands."""
    return AccessRequest.objects.filter(mailbox_index=_mailbox(work_email)).exists()


def _must_be_right(said: Particulars, region: str) -> None:
    """Also for a caller who is no form. Lengths and blanks are the doors' to see."""
    errors = []
    try:
        validate_email(said.work_email)
    except ValidationError:
        errors.append(FieldError("work_email", "invalid", gettext("Enter a valid email address.")))
    for name, lines in (("full_name", False), ("organization", False), ("reason", True)):
        if not plain_text(getattr(said, name), lines=lines):
            errors.append(FieldError(name, "characters", gettext("Leave out line breaks and invisible characters.")))
    if not is_known(region):
        errors.append(FieldError("region", "unknown", gettext("Choose a region from the list.")))
    if errors:
        raise Refusal(422, "invalid", gettext("Some fields are not right."), errors)


def put(asked: AccessRequest, said: Particulars) -> None:
    asked.particulars_sealed = seal_on_platform(json.dumps(asdict(said)), **_cell(asked))


def said_in(asked: AccessRequest) -> Particulars:
    """What was said in a request, opened."""
    return Particulars(**json.loads(unseal_on_platform(asked.particulars_sealed, **_cell(asked))))


def _cell(asked: AccessRequest) -> dict[str, Any]:
    return {"table": AccessRequest._meta.db_table, "column": "particulars_sealed", "row": asked.id}


# -- by a link --------------------------------------------------------------------------------------------------------


def look_at_confirmation(secret: str, *, now: datetime) -> AccessRequest:
    """The request that `secret` confirms, untouched. Raises 404 `link_spent`."""
    return _unconfirmed(AccessRequest.objects.filter(confirm_digest=digest("confirm-request", secret)).first(), now)


def _unconfirmed(asked: AccessRequest | None, now: datetime) -> AccessRequest:
    if asked is None or asked.state != RequestState.UNCONFIRMED or asked.forget_at <= now:
        raise Refusal(404, "link_spent", "This link was used already, or it is too old.")
    return asked


def confirm(secret: str, *, now: datetime) -> str:
    """The mailbox is theirs: from here on those who decide see it. The secret of its status page; once."""
    status = new_secret()
    with transaction.atomic():
        found = AccessRequest.objects.select_for_update().filter(confirm_digest=digest("confirm-request", secret))
        asked = _unconfirmed(found.first(), now)
        asked.state, asked.confirmed_at, asked.forget_at = RequestState.WAITING, now, now + WAITS_AT_MOST
        asked.status_digest = digest("request-status", status)
        asked.save(update_fields=["state", "confirmed_at", "forget_at", "status_digest"])
        record("access.confirmed", by="stranger", now=now, facts={"request": str(asked.id), "region": asked.region})
        link = f"{settings.PUBLIC_URL}/request-access/status/{status}?in={asked.language}"
        send(
            template="access/received", to=said_in(asked).work_email, language=asked.language, now=now,
            facts={"link": link, "reference": asked.reference}, once=f"access:{asked.id}:received",
        )  # fmt: skip
    return status


def status(secret: str, *, now: datetime) -> AccessRequest:
    """The request behind a status link. Raises 404 `link_spent` once it is forgotten."""
    found = AccessRequest.objects.filter(status_digest=digest("request-status", secret), forget_at__gt=now).first()
    if found is None:
        raise Refusal(404, "link_spent", "There is nothing under this link any more.")
    return found


def tidy(*, now: datetime) -> int:
    """Forget what has been kept long enough; how many."""
    with transaction.atomic():
        # Not what is half way: it is finished first.
        over = AccessRequest.objects.filter(forget_at__lte=now).exclude(state=RequestState.LETTING_IN)
        count, _ = over.delete()
        if count:
            record("access.forgotten", by="system:access.tidy", now=now, facts={"count": count})
    return count
