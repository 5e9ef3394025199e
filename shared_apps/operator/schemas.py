"""Answers of the operator's calls."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

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
    """`value` is null where it is not known now. `note` says what the value leaves out, as the page does; `proof` is
    the address of the history behind it, "" where there is none or none for whoever asks."""

    key: str
    value: str | None
    note: str
    proof: str


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
