"""Reading whole histories to check or export them: a school's from its schema, the platform's from its own."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TextIO

from shared_apps.audit.for_schools import checkpoints as kept_checkpoints
from shared_apps.audit.services import history as platform
from tenant_apps.events.services import seal as sealing
from tenants import seals
from tenants.current import SchoolRef
from tenants.models import School
from tenants.scope import school_scope
from tenants.seals import PLATFORM, Statement
from tenants.verification import Report, Sealed, check

PAGE = 5_000


class NoHistory(LookupError):
    """Nobody of this name has one."""


@dataclass(frozen=True)
class History:
    """One history as it stands: the checkpoints of both places, the last number, and a way to read its events."""

    whose: str
    here: list[Statement]
    kept: list[Statement]
    tail: int
    page: Callable[[int, int], list[Sealed]]

    def rows(self) -> Iterator[Sealed]:
        """In the order of their numbers, whatever was sealed since the checkpoints were read left out."""
        last = max(self.tail, max((one.size for one in self.here), default=0))
        after = 0
        while found := self.page(after, last):
            yield from found
            if len(found) < PAGE:
                return
            after = found[-1].number

    def checked(self, given: Sequence[Statement] = ()) -> Report:
        return check(self.whose, self.rows(), self.here, self.kept, seals.verifying_keys(), given)

    def export(self, out: TextIO) -> int:
        """Write it as lines of JSON for `verifier/verify.py`; how many events. No particulars of people are in it."""
        _line(out, type="about", v=1, whose=self.whose, keys=seals.published_keys())
        for place, statements in (("here", self.here), ("platform", self.kept)):
            for one in statements:
                _line(out, type="checkpoint", place=place, **one.plain())
        count = 0
        for row in self.rows():
            count += 1
            _line(
                out, type="event", seq=row.number, event=row.event, body=row.body, leaf=row.leaf.hex(),
                chain=row.chain.hex(),
            )  # fmt: skip
        return count


def _line(out: TextIO, **values: Any) -> None:
    out.write(json.dumps(values, ensure_ascii=False) + "\n")


def of_school(school: SchoolRef) -> History:
    # The second place first and the tail before the checkpoints: what is sealed meanwhile looks like no fault.
    kept = kept_checkpoints(school.id)
    with school_scope(school):
        tail, here = sealing.tail(), sealing.checkpoints_after(0)

    def page(after: int, upto: int) -> list[Sealed]:
        with school_scope(school):
            return sealing.page(after, min(upto, after + PAGE))

    return History(str(school.id), here, kept, tail, page)


def of_platform() -> History:
    tail, here = platform.history()
    return History(PLATFORM, here, [], tail, lambda after, upto: platform.page(after, min(upto, after + PAGE)))


def histories(slug: str | None, *, platform: bool) -> Iterator[tuple[str, Callable[[], History]]]:
    """Their names, and how to read them: of one school, of the platform alone, or of all schools and the platform."""
    if not platform:
        schools = School.objects.select_related("placement")
        chosen = list(schools.filter(slug=slug) if slug else schools)
        if slug and not chosen:
            raise NoHistory(f"There is no school called {slug}.")
        for school in chosen:
            yield school.slug, partial(of_school, school.ref())
    if not slug:
        yield PLATFORM, of_platform
