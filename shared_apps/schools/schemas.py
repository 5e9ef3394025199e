"""Shapes of the onboarding API."""

from uuid import UUID

from pydantic import Field

from shared_apps.schools.services.onboarding_answers import CLOSE, ZONE
from tenants.schemas import Answer, Body


class NewSchoolIn(Body):
    name: str = Field(max_length=200)
    timezone: str = Field(default=ZONE, max_length=64)
    close_time: str = Field(default=CLOSE, max_length=5)
    region: str = Field(default="", max_length=64)


class NewPersonIn(Body):
    name: str = Field(max_length=201)
    email: str = Field(max_length=254)
    password: str | None = Field(default=None, max_length=1000)


class OnboardingIn(Body):
    school: NewSchoolIn
    admin: NewPersonIn
    officer: NewPersonIn | None = None


class PasswordOut(Answer):
    email: str
    temporary_password: str


class BegunOut(Answer):
    id: UUID
    passwords: list[PasswordOut]


class StepOut(Answer):
    name: str
    state: str
    attempts: int


class NewSchoolOut(Answer):
    id: UUID
    slug: str
    name: str
    state: str


class OnboardingOut(Answer):
    id: UUID
    state: str
    steps: list[StepOut]
    school: NewSchoolOut | None
