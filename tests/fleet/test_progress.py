"""The line that says how far a migration has come, on a terminal and elsewhere."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import OutputWrapper
from django.db import connections

from config.progress import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def broken(ahead, greenfield):
    """A release that adds a column which Greenfield has already."""
    column = f"nick{len(ahead.names) + 1}"
    with connections["migrator"].cursor() as cursor:
        cursor.execute(f'ALTER TABLE "{greenfield.ref.schema}".people_learner ADD COLUMN {column} int')
    ahead.add()
    return greenfield


def test_on_a_terminal_one_line_is_redrawn(clock):
    out = Terminal()
    progress = Progress(OutputWrapper(out), "tables", 40, clock=clock)
    for number in range(10):
        clock.now += 1
        progress.step(failed=number == 3)
    said = out.getvalue()
    assert "\n" not in said and said.count("\r") == 10
    assert said.rpartition("\r")[2] == "tables  [######..................]  10/40, 1 failed, 1.0/s, 0:30 left"
    progress.close()
    assert out.getvalue().endswith("\n")


def test_a_shorter_line_covers_what_a_longer_one_left(clock):
    out = Terminal()
    progress = Progress(OutputWrapper(out), "tables", 2, clock=clock)
    clock.now = 5000
    progress.step()
    clock.now = 5001
    progress.step()
    long, short = out.getvalue().split("\r")[1:]
    assert "1:23:20 left" in long and len(short) == len(long)


def test_elsewhere_a_line_is_said_every_so_often(clock):
    out = io.StringIO()
    progress = Progress(OutputWrapper(out), "tables", 100, clock=clock)
    for _ in range(100):
        clock.now += 0.25
        progress.step()
    progress.close()
    lines = out.getvalue().splitlines()
    assert lines == [
        "tables  40/100, 0 failed, 4.0/s, 0:15 left",
        "tables  80/100, 0 failed, 4.0/s, 0:05 left",
        "tables  100/100, 0 failed, 4.0/s, in 0:25",
    ]


def test_nothing_to_do_divides_by_nothing(clock):
    out = Terminal()
    Progress(OutputWrapper(out), "tables", 0, clock=clock).close()
    assert "0/0, 0 failed" in out.getvalue()


def test_failures_are_named_at_the_end(ahead, greenfield):
    with connections["migrator"].cursor() as cursor:
        cursor.execute(
            f'ALTER TABLE "{greenfield.ref.schema}".people_learner ADD COLUMN nick{len(ahead.names) + 1} int'
        )
    ahead.add()
    out = Terminal()
    with pytest.raises(CommandError, match="goes on from here"):
        call_command("migrate_schools", canaries=0, stdout=out)
    shown, _, told = out.getvalue().partition("\n")
    assert "2/2, 1 failed" in shown
    assert told.startswith(
        "1 schools migrated, 1 quarantined.\n  greenfield: quarantined. DuplicateColumn (42701): column"
    )


def test_the_canary_that_failed_before_is_not_the_canary_again(ahead, greenfield):
    with connections["migrator"].cursor() as cursor:
        cursor.execute(
            f'ALTER TABLE "{greenfield.ref.schema}".people_learner ADD COLUMN nick{len(ahead.names) + 1} int'
        )
        cursor.execute(
            "UPDATE public.tenants_schoolplacement SET quarantined = true WHERE role = %s", [greenfield.ref.role]
        )
    ahead.add()
    out = io.StringIO()
    with pytest.raises(CommandError):
        call_command("migrate_schools", stdout=out)
    assert "1 schools migrated, 1 quarantined." in out.getvalue()
