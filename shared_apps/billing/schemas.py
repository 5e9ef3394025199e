"""Shapes of the billing call."""

from uuid import UUID

from pydantic import Field

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
    billable: int | None = Field(description="null: the school has not counted yet.")
    channels: ChannelsOut


class BillingOut(Answer):
    month: str
    closed: bool
    total: int = Field(description="Over the schools that have counted, whatever page or search is shown.")
    items: list[RowOut]
    next: str | None
