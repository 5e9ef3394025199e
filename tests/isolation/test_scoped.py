"""Keys, files, locks, log lines and sealed values take the school from the scope, and from nowhere else."""

import json
import logging
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


def test_a_lock_of_one_school_does_not_hold_up_another(real_commits, committed):
    greenfield, riverside = committed()
    held = []
    for cast in (greenfield, riverside):
        with school_scope(cast.ref):
            scoped.lock("register")
            with connections["schools"].cursor() as cursor:
                cursor.execute("SELECT objid FROM pg_locks WHERE locktype = 'advisory'")
                held.append(cursor.fetchall())
    assert held[0] and held[1] and held[0] != held[1]


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
