"""Shapes of the identity API."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from tenants.schemas import Answer, Body


class LoginIn(Body):
    email: str = Field(max_length=254)
    password: str = Field(max_length=1000)
    school: str | None = Field(default=None, max_length=63)


class SchoolOut(Answer):
    id: UUID
    slug: str
    name: str


class TokensOut(Answer):
    access_token: str
    refresh_token: str
    expires_in: int
    scope: str
    roles: list[str]
    school: SchoolOut | None


class RefreshIn(Body):
    refresh_token: str = Field(max_length=200)


class PasswordIn(Body):
    current: str = Field(max_length=1000)
    new: str = Field(max_length=1000)


class SessionOut(Answer):
    id: UUID
    device: str
    created_at: datetime
    last_seen_at: datetime
    current: bool


class SessionsOut(Answer):
    items: list[SessionOut]


class MeOut(Answer):
    id: UUID
    name: str
    scope: str
    roles: list[str]
    school: SchoolOut | None
    language: str
