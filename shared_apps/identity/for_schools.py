"""What a school may ask about its own roles. Ids only: names and addresses are the school's."""

from uuid import UUID

from shared_apps.identity.models import Membership


def people_with(role: str, *, school: UUID) -> list[UUID]:
    """The staff rows of those who hold `role` in this school now."""
    held = Membership.objects.filter(school=school, role=role, active=True, login__active=True).exclude(person=None)
    found = held.order_by("person").values_list("person", flat=True).distinct()
    return [person for person in found if person]
