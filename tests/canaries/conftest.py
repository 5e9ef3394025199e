"""One turn of the search, as the clock takes it."""

import pytest

from config.canaries import asking
from config.canaries.heard import Turn
from config.canaries.inside import Inside
from tests.world import MORNING


@pytest.fixture
def search(greenfield, riverside):
    """Riverside is asked for what is Greenfield's: the turn, and the places where something was found. `whole`: with
    what the platform answers to every school's turn alike."""

    def searched(*, whole: bool = False, school=riverside, other=greenfield) -> tuple[Turn, set[str]]:
        turn = Turn(school.ref)
        found = asking.search(Inside(), turn, [other.ref], now=MORNING, whole_platform=whole)
        return turn, set(found)

    return searched
