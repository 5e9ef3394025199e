"""What follows a decision to let somebody in: at once, or, where a school takes them on first, until it is whole.

No transaction spans the platform and a school. So the decision is written down first (`letting_in`), the school's row
comes second and is the same however often it is asked for, and the account, its role and its mail come last, in one
transaction. A process that dies in between leaves the mark, and the clock goes on from there.
"""

from datetime import datetime, timedelta
from secrets import token_urlsafe
from uuid import UUID

from django.db import transaction

from shared_apps.access.models import AccessRequest, RequestState
from shared_apps.access.rules import KEPT_APPROVED, NEEDS_TWO, circle_name
from shared_apps.access.services import admins
from shared_apps.access.services.grants import Approved, Grant, already_decided
from shared_apps.access.services.requests import Particulars, said_in
from shared_apps.audit.services import record
from shared_apps.groups.models import Circle
from shared_apps.identity.models import Login
from shared_apps.identity.services import links
from shared_apps.identity.services.accounts import account_of, give_role, is_known
from shared_apps.post.services import send
from tenants.actor import Actor
from tenants.models import School
from tenants.problems import Refusal

GRACE = timedelta(seconds=30)  # for whoever decided to finish it, before the clock does
UNREACHABLE = 503


def mark(asked: AccessRequest, grant: Grant, by: Actor, now: datetime) -> None:
    """Write down what was decided, in the caller's transaction, so that it is finished whatever happens next."""
    asked.state, asked.outcome = RequestState.LETTING_IN, grant.plain()
    asked.decided_by, asked.decided_at = by.login, now
    asked.save(update_fields=["state", "outcome", "decided_by", "decided_at"])
    facts = {"request": str(asked.id), **asked.outcome}
    record("access.letting_in", by=by.name_in_audit, now=now, facts=facts)


def finish(request: UUID, *, now: datetime) -> Approved:
    """Do what `mark` wrote down. Whoever comes second is told 409 `already_decided`.

    Raises 503 `school_unreachable`: the mark stays. Raises 409 `works_there` and 422 where the school will not have
    them: nothing was made, and the request waits again.
    """
    asked = AccessRequest.objects.filter(pk=request, state=RequestState.LETTING_IN).first()
    if asked is None:
        raise already_decided()
    by = Actor(kind="person", scope="platform", login=asked.decided_by)
    grant = Grant(str(asked.outcome["role"]), schools=tuple(UUID(key) for key in asked.outcome["schools"]))
    school = School.objects.select_related("placement").get(pk=grant.schools[0])
    try:
        person = admins.take_on(school, said_in(asked), request=asked.id, by=by, now=now)
    except Refusal as refusal:
        if refusal.status != UNREACHABLE:
            _put_back(asked.id, refusal, by, now)
        raise
    with transaction.atomic():
        held = _still_marked(asked.id)
        if held is None:
            raise already_decided()
        return let_in(held, grant, [school], person, by, now)


def _still_marked(request: UUID) -> AccessRequest | None:
    marked = AccessRequest.objects.filter(pk=request, state=RequestState.LETTING_IN)
    found: AccessRequest | None = marked.select_for_update().first()
    return found


@transaction.atomic
def _put_back(request: UUID, refusal: Refusal, by: Actor, now: datetime) -> None:
    held = _still_marked(request)
    if held is None:
        return
    held.state, held.outcome = RequestState.WAITING, {"put_back": refusal.code}
    held.decided_by, held.decided_at = None, None
    held.save(update_fields=["state", "outcome", "decided_by", "decided_at"])
    facts = {"request": str(request), "why": refusal.code}
    record("access.put_back", by=by.name_in_audit, now=now, facts=facts)


def resume(*, now: datetime) -> int:
    """Finish what was decided and left half way; how many are whole now. What a school cannot do yet stays."""
    left = AccessRequest.objects.filter(state=RequestState.LETTING_IN, decided_at__lte=now - GRACE)
    whole = 0
    # In any order: one that nobody can finish must not stand before the others for ever.
    for request in left.order_by("?").values_list("pk", flat=True):
        try:
            finish(request, now=now)
            whole += 1
        except Refusal:
            continue
    return whole


def let_in(
    asked: AccessRequest, grant: Grant, schools: list[School], person: UUID | None, by: Actor, now: datetime
) -> Approved:
    """Everything of a decision that the platform keeps, in the caller's transaction: all of it, once, or nothing."""
    said, outcome = said_in(asked), grant.plain()
    known = is_known(said.work_email)
    if grant.onboard:
        answers = admins.answers_for(grant.onboard, said, asked.region)
        outcome["onboarding"] = str(admins.begin(answers, request=asked.id, by=by, now=now).pk)
        login = account_of(email=said.work_email, password_hash="")[0]  # its role comes with the school
    elif person:
        login = give_role(
            email=said.work_email, role=grant.role, by=by.name_in_audit, now=now, school=schools[0].id, person=person,
            password=token_urlsafe(32),
        )  # fmt: skip
    else:
        login = _on_platform(grant, schools, said, by, now)
    link = _way_in(login, known, grant, by=by.name_in_audit, now=now, language=asked.language)
    asked.state, asked.account, asked.outcome = RequestState.APPROVED, login.id, outcome
    asked.decided_by, asked.decided_at, asked.forget_at = by.login, now, now + KEPT_APPROVED
    asked.save()
    facts = {"request": str(asked.id), "account": str(login.id), **outcome}
    record("access.approved", by=by.name_in_audit, now=now, facts=facts)
    send(
        template="access/approved", to=said.work_email, language=asked.language, now=now,
        facts={"role": grant.role, "link": link or "", "reference": asked.reference},
        once=f"access:{asked.id}:approved:{outcome.get('onboarding', '')}",
    )  # fmt: skip
    # Whoever holds the link is the account: where it takes two, only the owner of the mailbox is told.
    return Approved(login.id, None if grant.role in NEEDS_TWO else link)


def _way_in(login: Login, known: bool, grant: Grant, *, by: str, now: datetime, language: str) -> str | None:
    """A link to set a password; None for somebody who has one. Where it takes two, what was handed out before ends."""
    if known and grant.role in NEEDS_TWO:
        return links.invite_instead(login.id, by=by, now=now, language=language)
    return None if known else links.invite(login, by=by, now=now, language=language)


def _on_platform(grant: Grant, schools: list[School], said: Particulars, by: Actor, now: datetime) -> Login:
    """Their account with its role on the platform, and the circle that a local operator looks after."""
    for region in grant.regions or ("",):
        login = give_role(
            email=said.work_email, role=grant.role, by=by.name_in_audit, now=now, name=said.full_name, region=region,
            password=token_urlsafe(32), temporary=False,
        )  # fmt: skip
    if schools:
        circle = Circle.objects.create(name=circle_name(school.name for school in schools))
        circle.schools.set(schools)
        circle.keepers.add(login)
    return login
