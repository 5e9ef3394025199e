"""What a person chose for themselves."""

from uuid import UUID

from shared_apps.identity.models import Login


def choose_language(*, login: UUID, language: str) -> None:
    """`en`, `af`, `zu`, or "" for the school's default."""
    Login.objects.filter(pk=login).update(language=language)


def language_of(person: UUID, *, school: UUID) -> str:
    """The language somebody who works at a school chose; "" for the school's default."""
    held = Login.objects.filter(memberships__person=person, memberships__school=school).exclude(language="")
    return str(held.values_list("language", flat=True).first() or "")


def choose_appearance(*, login: UUID, appearance: str) -> None:
    """`light`, `dark`, `contrast`, or "" for the system's."""
    Login.objects.filter(pk=login).update(appearance=appearance)
