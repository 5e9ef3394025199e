"""Answers of the operator's calls."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from tenants.schemas import Answer, Body


class PageQuery(Body):
    cursor: str = Field("", max_length=1200)
    limit: int = Field(50, ge=1, le=100)


class HealthQueryIn(PageQuery):
    state: Literal["all", "quiet", "unknown", "onboarding", "live", "disabled", "stuck", "waiting", "dead", "drift"] = (
        "all"
    )


class Share(Answer):
    """`rate` is the share that went out, in percent; null when there was nothing. All null: nobody told lately."""

    sent: int | None
    failed: int | None
    rate: float | None


class GroupOut(Share):
    """`count` schools, of which `told` have lately said how they are: the rest is of those."""

    count: int
    told: int


class ReasonOut(Answer):
    reason: str
    count: int


class WindowOut(Share):
    since: datetime
    reasons: list[ReasonOut]


class DeliveriesOut(Answer):
    hour: WindowOut
    day: WindowOut


class ProviderOut(Answer):
    """`ready` is set up to send. `last_sent`, `last_failed`: where the ten minutes of the last day begin in which
    something last did; null when nothing did, or nobody told."""

    channel: str
    state: Literal["ready", "not_configured", "preview"]
    day: Share
    last_sent: datetime | None
    last_failed: datetime | None


class SignalOut(Answer):
    """`value` is null where it is not known now. `since`: since when the oldest of what it counts, where it counts
    something that began. `note` says what it leaves out, as the page does; `proof` is the address of the history behind
    it, "" where there is none or none for whoever asks."""

    key: str
    value: str | None
    since: datetime | None
    note: str
    proof: str


class ActivityOut(Answer):
    last_gate_activity: datetime | None
    quiet_school_days: int | None
    week: Share
    waiting: int
    stuck: int
    dead: int


class SchoolOut(Answer):
    """`activity` is null when it is temporarily unavailable; `as_of` is when the school last told, if ever."""

    id: UUID
    slug: str
    name: str
    state: Literal["quiet", "unknown", "onboarding", "live", "disabled"]
    as_of: datetime | None
    activity: ActivityOut | None


class HealthOut(Answer):
    """`told` of the `total` schools have lately said how they are; what is added up is of those."""

    as_of: datetime
    total: int
    told: int
    groups: dict[str, GroupOut]
    providers: list[ProviderOut]
    deliveries: DeliveriesOut
    signals: list[SignalOut]
    items: list[SchoolOut]
    next: str | None


class AuditQueryIn(PageQuery):
    """As the page's filters. `kind`: kinds, or parts before a dot, with commas between."""

    kind: str = Field("", max_length=200)
    actor: str = Field("", max_length=80, description="An account's id, or system:...")
    school: str = Field("", max_length=200, description="A school's id, slug or name.")
    since: date | None = Field(None, description="From the beginning of this day.")
    until: date | None = Field(None, description="Until the end of this day.")
    begins: AwareDatetime | None = Field(None, description="From this moment on.")
    ends: AwareDatetime | None = Field(None, description="Until this moment, included.")


class AuditSchoolOut(Answer):
    id: UUID
    name: str


class AuditOut(Answer):
    id: UUID
    number: int | None = Field(description="In the chain; null while it waits for its seal.")
    kind: str
    at: datetime
    actor: str
    actor_name: str
    school: AuditSchoolOut | None
    facts: dict[str, Any]


class AuditsOut(Answer):
    items: list[AuditOut]
    next: str | None
