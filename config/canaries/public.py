"""Names and addresses that the platform holds with good reason."""

from collections.abc import Iterable

from config.canaries.marks import Marks, Name, words_of
from config.canaries.names import inside
from shared_apps.access.models import AccessRequest
from shared_apps.access.services.requests import said_in
from shared_apps.groups.models import Circle
from shared_apps.identity.models import Membership
from tenants.models import School


def _either_way(name: str) -> str:
    """A name begun by any of its words: beside an address made of it, it is read in the other order too."""
    return f"{name} {name}"


class Public:
    """Names the platform holds with good reason: of schools, circles and its own people, and of those who asked for
    access, which lie sealed. Read only when something was found."""

    def __init__(self) -> None:
        self._texts: list[Name] = []
        self._mails: frozenset[str] | None = None

    def has(self, name: Name) -> bool:
        if not self._texts:
            self._texts = [words_of(text) for text in self._read()]
        return any(inside(name, text) for text in self._texts)

    def _read(self) -> Iterable[str]:
        yield from School.objects.values_list("name", flat=True)
        yield from Circle.objects.values_list("name", flat=True)
        for name in Membership.objects.exclude(name="").values_list("name", flat=True):
            yield _either_way(name)
        for one in AccessRequest.objects.all():
            said = said_in(one)
            yield from (_either_way(said.full_name), said.organization)

    def contacts(self, marks: Marks) -> frozenset[str]:
        if not marks.contacts:
            return frozenset()
        if self._mails is None:
            self._mails = frozenset(said_in(one).work_email.casefold() for one in AccessRequest.objects.all())
        return self._mails
