"""What a school may ask about its own roles. Ids only: names and addresses are the school's."""

from uuid import UUID

from shared_apps.identity.services.accounts import people_of


def people_with(role: str, *, school: UUID) -> list[UUID]:
    """The staff rows of those who hold `role` in this school now."""
    return sorted(people_of(role, school=school))
