"""Answers while they wait: sealed, hashed for the review, deleted when they are used or old."""

import hmac
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from django.utils.translation import gettext as _

from shared_apps.schools.models import Draft, Onboarding
from shared_apps.schools.services.onboarding_answers import Answers
from shared_apps.workflows.models import RunState
from tenants.ids import new_id
from tenants.problems import Refusal, not_found
from tenants.sealing import platform_digest, seal_on_platform, unseal_on_platform

KEPT_FOR = timedelta(days=1)
CELL = {"table": "schools_draft", "column": "answers"}


def digest(answers: Answers) -> str:
    """The review's hash: keyed, so that it tells nobody what was answered."""
    return platform_digest("onboarding-review", sha256(answers.to_json().encode()).hexdigest()).hex()


def keep(answers: Answers, *, owner: UUID, now: datetime, draft: UUID | None = None) -> Draft:
    """Seal answers in a draft, a new one or the one with this id."""
    row = draft or new_id()
    sealed = seal_on_platform(answers.to_json(), **CELL, row=row)
    values = {"owner": owner, "digest": digest(answers), "created_at": now, "answers_sealed": sealed}
    return Draft.objects.update_or_create(pk=row, defaults=values)[0]


def opened(draft: Draft) -> Answers:
    return Answers.from_json(unseal_on_platform(draft.answers_sealed, **CELL, row=draft.id))


def draft_of(draft: UUID | None, *, owner: UUID) -> Draft:
    """Somebody's own draft. Raises 404."""
    found = Draft.objects.filter(pk=draft, owner=owner).first() if draft else None
    if found is None:
        raise not_found(_("These answers are not here any more. They are kept for one day. Start again."))
    return found


def must_be_reviewed(draft: Draft, review: str) -> None:
    """Raises 409 when what was reviewed is not what would be created."""
    if not hmac.compare_digest(draft.digest.encode(), review.encode("utf-8", "surrogatepass")):
        raise Refusal(409, "review_changed", _("The answers changed after this review. Review them again."))


def tidy(*, now: datetime) -> int:
    """Delete answers that waited for a day; how many. Those a school still needs stay until they are used."""
    needed = Onboarding.objects.filter(acknowledged_at=None, run__state__in=(RunState.RUNNING, RunState.PARTIAL))
    old = Draft.objects.filter(created_at__lt=now - KEPT_FOR).exclude(pk__in=needed.values("run"))
    return int(old.delete()[0])
