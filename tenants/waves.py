"""Schools in ever larger waves, each wave over several connections."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import TypeVar

from django.db import connections

from tenants.cells import migrators
from tenants.places import Place

Item = TypeVar("Item")
Told = TypeVar("Told")
GROWTH = 10  # each wave is so many times the one before


def waves(places: list[Place], canaries: int, workers: int) -> Iterator[tuple[list[Place], int]]:
    """The canaries on one connection, then ten times as many, and so on, over all of them."""
    size, at = canaries, 0
    while at < len(places):
        wave = places[at : at + size] if size else []
        if wave:
            yield wave, 1 if at == 0 and canaries else workers
        at += size
        size = max(size * GROWTH, GROWTH)


def crowd(move: Callable[[Item], Told], places: Sequence[Item], workers: int) -> list[Told]:
    """`move` each over so many of the migrator's connections; what it told, in the order of `places`."""
    if workers == 1 or len(places) < 2:
        return [move(place) for place in places]
    told: dict[int, Told] = {}
    queue = iter(enumerate(places))
    turn = Lock()

    def work(_: int) -> None:
        try:
            while True:
                with turn:
                    number, place = next(queue, (-1, None))
                if place is None:
                    return
                told[number] = move(place)
        finally:
            for alias in migrators():
                connections[alias].close()  # this thread's own

    with ThreadPoolExecutor(workers) as threads:
        list(threads.map(work, range(workers)))
    return [told[number] for number in range(len(places))]
