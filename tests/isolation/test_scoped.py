"""Keys, files, locks, log lines and sealed values take the school from the scope, and from nowhere else."""

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from uuid import uuid4

import pytest
from django.db import connections

from config.logs import JsonLine, Where
from tenants import scoped
from tenants.current import OutsideScope
from tenants.scope import school_scope
from tenants.sealing import Unsealable, blind_index, seal, unseal


@pytest.mark.parametrize(
    "use",
    [
        lambda: scoped.cache_key("roster"),
        lambda: scoped.file_path("photo.jpg"),
        lambda: scoped.lock("register"),
        lambda: seal("x", table="t", column="c", row=uuid4()),
        lambda: unseal(b"x", table="t", column="c", row=uuid4()),
        lambda: blind_index("x", column="c"),
    ],
    ids=["cache key", "file", "lock", "seal", "unseal", "blind index"],
)
def test_it_cannot_be_used_without_a_school(use):
    with pytest.raises(OutsideScope):
        use()


def test_the_same_name_is_another_thing_in_another_school(greenfield, riverside):
    seen = []
    for cast in (greenfield, riverside):
        with school_scope(cast.ref):
            seen.append((scoped.cache_key("a"), scoped.file_path("a"), blind_index("a", column="c")))
    assert all(one != other for one, other in zip(*seen, strict=True))


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../../x"])
def test_a_file_name_cannot_leave_the_schools_folder(greenfield, name):
    with school_scope(greenfield.ref), pytest.raises(ValueError, match="may not leave"):
        scoped.file_path(name)


def takes(cast, taken):
    """Somebody else, at the same time, who takes the lock of this name in `cast` and gives it back at once."""
    try:
        with school_scope(cast.ref):
            scoped.lock("register")
            taken.set()
    finally:
        connections.close_all()


def test_a_lock_of_one_school_does_not_hold_up_another_but_its_own(committed):
    greenfield, riverside = committed()
    theirs, ours = Event(), Event()
    with ThreadPoolExecutor(2) as others:
        with school_scope(greenfield.ref):
            scoped.lock("register")
            others.submit(takes, riverside, theirs).result(timeout=20)
            assert theirs.is_set(), "the other school's was there to take"
            waiting = others.submit(takes, greenfield, ours)
            while not _waits(waiting):
                assert not ours.is_set(), "the same lock was taken twice at once"
        waiting.result(timeout=20)
        assert ours.is_set()


def _waits(someone):
    """Whether somebody stands before a lock that another holds; never, once `someone` is done."""
    assert not someone.done(), "nobody had to wait"
    with connections["schools"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        return cursor.fetchone() == (1,)


def test_a_log_line_names_the_school_it_was_written_in(greenfield):
    def line():
        record = logging.makeLogRecord({"name": "x", "msg": "hello", "levelname": "INFO"})
        Where().filter(record)
        return json.loads(JsonLine().format(record))

    assert "school" not in line()
    with school_scope(greenfield.ref):
        assert line()["school"] == str(greenfield.ref.id)


def test_a_sealed_value_opens_in_its_own_cell_alone(greenfield, riverside):
    row = uuid4()
    with school_scope(greenfield.ref):
        sealed = seal("thandi@example.com", table="people_guardian", column="email", row=row)
        assert unseal(sealed, table="people_guardian", column="email", row=row) == "thandi@example.com"
        for cell in (
            {"table": "people_staff", "column": "email", "row": row},
            {"table": "people_guardian", "column": "phone", "row": row},
            {"table": "people_guardian", "column": "email", "row": uuid4()},
        ):
            with pytest.raises(Unsealable):
                unseal(sealed, **cell)
    with school_scope(riverside.ref), pytest.raises(Unsealable):
        unseal(sealed, table="people_guardian", column="email", row=row)


def test_sealing_twice_shows_nothing_and_a_flipped_bit_is_found(greenfield):
    row = uuid4()
    with school_scope(greenfield.ref):
        cell = {"table": "t", "column": "c", "row": row}
        one, two = seal("same", **cell), seal("same", **cell)
        assert one != two and b"same" not in one
        damaged = bytes([*one[:-1], one[-1] ^ 1])
        with pytest.raises(Unsealable):
            unseal(damaged, **cell)
