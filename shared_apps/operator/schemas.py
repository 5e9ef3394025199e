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
    state: Literal["all", "quiet", "unknown", "onboarding", "live", "disabled", "stuck"] = "all"


class Share(Answer):
    """`rate` is the share that went out, in percent; null when there was nothing."""

    sent: int
    failed: int
    rate: float | None


class GroupOut(Share):
    count: int


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
    channel: str
    state: Literal["ready", "not_configured", "preview"]
    day: Share


class SignalOut(Answer):
    key: str
    value: str | None


class ActivityOut(Answer):
    last_gate_activity: datetime | None
    quiet_school_days: int | None
    week: Share
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
    as_of: datetime
    total: int
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
