"""What those who decide may see: the requests of their regions, and nothing else under any address."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Min, Q, QuerySet

from shared_apps.access.models import AccessRequest, RequestState
from shared_apps.access.rules import FINISHED_AFTER, OLD_AFTER, days, is_old
from shared_apps.access.services.requests import Particulars, said_in
from shared_apps.groups.services import regions_of, under
from shared_apps.identity.models import Membership
from shared_apps.identity.services.accounts import is_known
from shared_apps.regions.rules import answering
from tenants.actor import Actor
from tenants.problems import not_found

OPEN = (RequestState.WAITING, RequestState.SECOND)  # can be decided
QUEUED = (*OPEN, RequestState.LETTING_IN)  # somebody still waits
STATES: dict[str, Sequence[str]] = {
    "all": (*QUEUED, RequestState.APPROVED, RequestState.REJECTED),
    "waiting": QUEUED, "approved": (RequestState.APPROVED,), "rejected": (RequestState.REJECTED,),
}  # fmt: skip
SEARCHED = 10_000  # the newest so many are opened when somebody searches, as what is searched lies sealed
OPENED_AT_ONCE = 500


@dataclass(frozen=True)
class Row:
    """A request, opened for somebody who may decide it."""

    request: AccessRequest
    said: Particulars
    days: int
    old: bool
    answering: str  # the region whose admin answers for it; "" for the super admins
    duplicates: int


def within(actor: Actor) -> QuerySet[AccessRequest]:
    """The confirmed requests that `actor` may see: all, or those of their regions; none by default."""
    seen = AccessRequest.objects.exclude(state=RequestState.UNCONFIRMED)
    if actor.scope != "platform":
        return seen.none()
    if "super_admin" in actor.roles:
        return seen
    reached = Q(pk__in=[])
    if "regional_admin" in actor.roles:
        for region in regions_of(actor):
            reached |= under(region)
    return seen.filter(reached)


def waiting(actor: Actor) -> QuerySet[AccessRequest]:
    """Those for which somebody still waits."""
    return within(actor).filter(state__in=QUEUED)


def counts(actor: Actor) -> dict[str, int]:
    """How many there are in each of STATES."""
    states = list(within(actor).values_list("state", flat=True))
    return {name: sum(state in held for state in states) for name, held in STATES.items()}


def old(actor: Actor, *, now: datetime) -> tuple[int, datetime | None]:
    """How many have waited too long for `actor`, and since when the oldest does."""
    late = within(actor).filter(state__in=QUEUED, confirmed_at__lt=now - OLD_AFTER)
    told = late.aggregate(count=Count("pk"), since=Min("confirmed_at"))
    return told["count"], told["since"]


def half_way(actor: Actor, *, now: datetime) -> tuple[int, datetime | None]:
    """How many were decided and are not whole though the clock has tried for a while, and since when the oldest."""
    left = within(actor).filter(state=RequestState.LETTING_IN, decided_at__lt=now - FINISHED_AFTER)
    told = left.aggregate(count=Count("pk"), since=Min("decided_at"))
    return told["count"], told["since"]


def listed(
    actor: Actor, *, state: str, search: str, after: UUID | None, limit: int, now: datetime
) -> tuple[list[Row], UUID | None]:
    """A page of them, oldest first, and where the next one starts. See `unsearched` for what a search leaves out."""
    rows = within(actor).filter(state__in=STATES[state])
    if search:
        rows = rows.filter(pk__in=_found_by(rows, search))
    kept = list((rows.filter(pk__gt=after) if after else rows).order_by("id")[: limit + 1])
    more = kept[limit - 1].id if len(kept) > limit else None
    return opened(actor, kept[:limit], now=now), more


def _found_by(rows: QuerySet[AccessRequest], search: str) -> list[UUID]:
    """Those whose words hold `search`. All are sealed, so each is opened: a part at a time, the newest first."""
    found, before, count = [], None, 0
    while count < SEARCHED:
        behind = rows.filter(pk__lt=before) if before else rows
        part = list(behind.order_by("-id")[: min(OPENED_AT_ONCE, SEARCHED - count)])
        if not part:
            break
        found += [one.id for one in part if _matches(said_in(one), one.reference, search)]
        before, count = part[-1].id, count + len(part)
    return found


def unsearched(actor: Actor, *, state: str, search: str) -> int:
    """How many a search does not look into: those older than the newest SEARCHED."""
    count = within(actor).filter(state__in=STATES[state]).count() if search else 0
    return max(0, count - SEARCHED)


def _matches(said: Particulars, reference: str, search: str) -> bool:
    wanted = search.casefold().split()
    text = " ".join((said.full_name, said.work_email, said.organization, reference)).casefold()
    return all(word in text for word in wanted)


def opened(actor: Actor, requests: Sequence[AccessRequest], *, now: datetime) -> list[Row]:
    """What `actor` sees of each; those of one mailbox or one organisation are told to be alike."""
    held = Membership.objects.filter(role="regional_admin", active=True, login__active=True)
    owned = set(held.values_list("region", flat=True))
    alike = _marks(actor, requests)
    rows = []
    for one in requests:
        since = one.confirmed_at or one.created_at
        mine = (bytes(one.mailbox_index), bytes(one.organization_index))
        same = sum(key != one.id and (mailbox == mine[0] or body == mine[1]) for key, mailbox, body in alike)
        old = one.state in QUEUED and is_old(since, now)
        rows.append(Row(one, said_in(one), days(since, now), old, answering(one.region, owned), same))
    return rows


def _marks(actor: Actor, requests: Sequence[AccessRequest]) -> list[tuple[UUID, bytes, bytes]]:
    """Id and both marks of everything `actor` may see that is like one of these."""
    like = Q(mailbox_index__in=[one.mailbox_index for one in requests])
    like |= Q(organization_index__in=[one.organization_index for one in requests])
    told = within(actor).filter(like).values_list("id", "mailbox_index", "organization_index")
    return [(key, bytes(mailbox), bytes(body)) for key, mailbox, body in told]


def duplicates(actor: Actor, one: AccessRequest) -> QuerySet[AccessRequest]:
    """Others that `actor` may see, from the same mailbox or the same organisation."""
    same = Q(mailbox_index=one.mailbox_index) | Q(organization_index=one.organization_index)
    return within(actor).filter(same).exclude(pk=one.pk).order_by("id")


def found(actor: Actor, key: UUID | None, *, now: datetime) -> Row:
    """One request. Raises 404 for what lies elsewhere."""
    one = within(actor).filter(pk=key).first() if key else None
    if one is None:
        raise not_found()
    return opened(actor, [one], now=now)[0]


def can_sign_in(one: Row) -> bool:
    """Whether the mailbox belongs to somebody who can sign in already; for those who decide alone."""
    return is_known(one.said.work_email)
