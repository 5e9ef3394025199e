"""Shapes of the billing call."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from shared_apps.billing.rules import State
from tenants.schemas import Answer, Body


class BillingQuery(Body):
    month: str = Field("", max_length=7, description="YYYY-MM: the current month or one of the 23 before it.")
    search: str = Field("", max_length=100)
    cursor: str = Field("", max_length=64)
    limit: int = Field(100, ge=1, le=100)


class MonthQuery(Body):
    month: str = Field("", max_length=7)
    search: str = Field("", max_length=100)


class SchoolOut(Answer):
    id: UUID
    name: str


class ChannelsOut(Answer):
    """Messages sent; null where the school has not counted yet."""

    push: int | None
    email: int | None
    whatsapp: int | None
    sms: int | None


class RowOut(Answer):
    school: SchoolOut
    billable: int | None = Field(description="null: the school has not counted yet, or was left out of a closed month.")
    channels: ChannelsOut
    adjustment: int = Field(description="By how much its count changed after the month was closed.")


class BillingOut(Answer):
    month: str
    closed: bool
    state: State = Field(description="changed_after_closing: these rows are not those the month was closed with.")
    total: int | None = Field(
        description="Over the schools that have a count, whatever page or search is shown; null while none has."
    )
    silent: int = Field(description="Schools without a count; they are missing from the total.")
    stale: int = Field(description="Schools whose count is old; it is in the total as they last told it.")
    adjustment: int = Field(description="The sum of all changes after closing; the total is without it.")
    items: list[RowOut]
    next: str | None


class CloseIn(Body):
    """How many schools are left out, as they were seen, and why."""

    month: str = Field(max_length=7)
    schools: int = Field(ge=1, le=1_000_000)
    reason: str = Field(min_length=1, max_length=500, pattern=r"\S")


class ClosedOut(Answer):
    month: str
    closed_at: datetime
    schools: int = Field(description="Schools with a count in it.")
    left_out: int
    total: int
    digest: str


class WhyQuery(Body):
    month: str = Field("", max_length=7)


class WhyOut(Answer):
    """How a school's number came about: `throughout`, `joined`, `departed` and `visited` make up `counted`."""

    month: str
    school: SchoolOut
    billable: int | None = Field(description="As the month was closed, or as the school counts so far.")
    adjustment: int
    counted: int | None = Field(description="What the school told last.")
    as_of: datetime | None
    school_days: int | None
    throughout: int | None
    joined: int | None
    departed: int | None
    visited: int | None
    outside: int | None
    channels: ChannelsOut
