"""Finding people's full names in texts: one pass over a text's words for all the names of several schools at once."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from config.canaries.marks import Marks, Name, words_of
from tenant_apps.people.models import Guardian, Learner, Staff


def names() -> frozenset[Name]:
    """Full names of the open school's people, in both orders; one word alone is nobody's."""
    found = set()
    for model in (Learner, Guardian, Staff):
        for given, family in model.objects.values_list("given_name", "family_name").iterator():
            one, other = words_of(given), words_of(family)
            if one and other:
                found |= {(*one, *other), (*other, *one)}
    return frozenset(found)


class Index:
    """Names of two words, and longer ones by their first two."""

    def __init__(self, wanted: Iterable[Name]) -> None:
        self._short: set[Name] = set()
        self._longer: dict[Name, list[Name]] = defaultdict(list)
        for name in wanted:
            if len(name) == 2:
                self._short.add(name)
            else:
                self._longer[name[:2]].append(name)

    def in_(self, words: Name) -> Iterator[Name]:
        """Those that stand in a text, as often as they do."""
        for at, start in enumerate(zip(words, words[1:], strict=False)):
            if start in self._short:
                yield start
            for name in self._longer.get(start, ()):
                if words[at : at + len(name)] == name:
                    yield name

    def shown_in(self, marks: Marks) -> set[Name]:
        """Those in an answer that were not in its question."""
        shown = set(self.in_(marks.words))
        return shown - set(self.in_(marks.asked)) if shown else shown


def inside(name: Name, other: Name) -> bool:
    """Whether `name` is a part of `other`."""
    return any(other[at : at + len(name)] == name for at in range(len(other) - len(name) + 1))
