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
MOST = 500  # but no more: a connection ends with its wave, as its backend keeps something of each school it met


def waves(places: list[Place], canaries: int, workers: int) -> Iterator[tuple[list[Place], int]]:
    """The canaries on one connection, then ten times as many, and so on, over all of them."""
    size, at = canaries, 0
    while at < len(places):
        wave = places[at : at + size] if size else []
        if wave:
            yield wave, 1 if at == 0 and canaries else workers
        at += size
        size = min(max(size * GROWTH, GROWTH), MOST)


def crowd(move: Callable[[Item], Told], places: Sequence[Item], workers: int) -> list[Told]:
    """`move` each over so many of the migrator's connections, which end with it; what it told, in the order of
    `places`."""
    if workers == 1 or len(places) < 2:
        try:
            return [move(place) for place in places]
        finally:
            _close()
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
            _close()

    with ThreadPoolExecutor(workers) as threads:
        list(threads.map(work, range(workers)))
    return [told[number] for number in range(len(places))]


def _close() -> None:
    """This thread's own, in a process that has any."""
    for alias in migrators():
        if alias in connections.settings:
            connections[alias].close()
