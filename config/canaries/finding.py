"""Which of the places a turn heard held something they must not: the schools are asked what is theirs."""

from dataclasses import dataclass, replace

from config.canaries.heard import Heard, Turn
from config.canaries.marks import Heap, Marks, Name, Own
from config.canaries.names import Index, names
from config.canaries.public import Public
from config.canaries.reach import outside, owners_of
from tenants.current import SchoolRef
from tenants.scope import school_scope


@dataclass(frozen=True)
class Theirs:
    """One school and what it said is its own of all that was heard."""

    school: SchoolRef
    own: Own
    names: frozenset[Name]


def found(turn: Turn, others: list[SchoolRef]) -> list[str]:
    """The places, each as often as one of its answers held something."""
    heap = Heap.of(one.marks for one in turn.heard)
    first, *rest = [_asked(school, heap) for school in (turn.school, *others)]
    return [
        *_in_the_schools_answers([one for one in turn.heard if one.ear.of_school], first, rest),
        *_in_the_platforms([one for one in turn.heard if one.ear.of_platform], [first, *rest]),
        *_out_of_reach([one for one in turn.heard if one.ear.bounds], rest),
    ]


def _asked(school: SchoolRef, heap: Heap) -> Theirs:
    with school_scope(school):
        return Theirs(school, heap.own(), names())


def _in_the_schools_answers(heard: list[Heard], first: Theirs, others: list[Theirs]) -> list[str]:
    """Something of another school. A name or an address that both have tells nothing."""
    index = Index(name for other in others for name in other.names - first.names)
    mine = first.own.contacts

    def foreign(marks: Marks) -> bool:
        theirs = _without(marks, mine)
        return any(other.own.in_(theirs) for other in others) or bool(index.shown_in(marks))

    return [one.place for one in heard if foreign(one.marks)]


def _without(marks: Marks, contacts: frozenset[str]) -> Marks:
    return replace(marks, contacts=marks.contacts - contacts)


def _in_the_platforms(heard: list[Heard], schools: list[Theirs]) -> list[str]:
    """Particulars of anybody's people, but for what the platform was told by its own or by those who applied."""
    index = Index(name for school in schools for name in school.names)
    public = Public()

    def personal(marks: Marks) -> bool:
        if any(school.own.people_in(_without(marks, public.contacts(marks))) for school in schools):
            return True
        return any(not public.has(name) for name in index.shown_in(marks))

    return [one.place for one in heard if personal(one.marks)]


def _out_of_reach(heard: list[Heard], others: list[Theirs]) -> list[str]:
    """Something of a school that the asker does not look after: of its own rows, or of the platform's about it."""
    owners = owners_of(frozenset().union(*(one.marks.ids for one in heard)))
    beyond = {bounds: outside(bounds, owners) for bounds in {one.ear.bounds for one in heard} if bounds}
    places = []
    for one in heard:
        far = beyond[one.ear.bounds]  # type: ignore[index]
        foreign = (other.own.in_(one.marks) for other in others if other.school.id not in far.reached)
        if far.in_(one.marks) or any(foreign):
            places.append(one.place)
    return places
