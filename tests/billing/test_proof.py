"""What a month was closed with cannot be changed, and what was written in its place is found."""

import pytest
from django.db import DatabaseError, connections, transaction

from shared_apps.audit.services import record
from shared_apps.billing.models import Adjustment, ClosedCount, ClosedMonth
from shared_apps.billing.rules import digest
from shared_apps.billing.services import closing, proving
from tests.billing.conftest import CLOSING, NOVEMBER, tell

TABLES = {"billing_closedmonth": "total", "billing_closedcount": "billable", "billing_adjustment": "difference"}


@pytest.fixture
def told(long_here, greenfield, riverside):
    for cast in (greenfield, riverside):
        tell(cast, NOVEMBER, 7, at=CLOSING)


def forged(told_digest=None, **event):
    """A month as somebody with the platform's login could write it: rows, and a digest that fits them."""
    row = ClosedCount(month_id=NOVEMBER, school="0199c0de-0000-7000-8000-000000000000", name="X", billable=700)
    mark = digest(NOVEMBER, [proving.plain(row)])
    month = ClosedMonth.objects.create(month=NOVEMBER, closed_at=CLOSING, schools=1, total=700, digest=mark)
    row.save()
    if event:
        record("billing.month_closed", by="system:billing", now=CLOSING, facts={"digest": told_digest or mark, **event})
    month.refresh_from_db()
    return month


def test_a_month_stands_as_it_was_closed(told):
    assert proving.is_whole(closing.close(NOVEMBER, now=CLOSING))


def test_a_row_that_came_later_is_noticed(told, greenfield):
    closed = closing.close(NOVEMBER, now=CLOSING)
    ClosedCount.objects.create(month=closed, school=closed_school(), name="Smuggled", billable=0)
    assert not proving.is_whole(closed)


def closed_school():
    return "0199c0de-0000-7000-8000-000000000001"


def test_rows_with_a_digest_that_fits_them_prove_nothing_without_the_history(world_db):
    assert not proving.is_whole(forged())


@pytest.mark.parametrize(
    ("event", "whole"),
    [
        ({"month": "2026-11", "schools": 1, "total": 700}, True),
        ({"month": "2026-10", "schools": 1, "total": 700}, False),
        ({"month": "2026-11", "schools": 1, "total": 7}, False),
        ({"month": "2026-11", "schools": 1, "total": 700, "told_digest": "0" * 64}, False),
    ],
)
def test_the_history_says_what_a_month_was_closed_with(world_db, event, whole):
    assert proving.is_whole(forged(**event)) is whole


def test_the_first_word_of_the_history_stands(world_db):
    """Writing the event again, with what fits the forged rows, comes too late."""
    record(
        "billing.month_closed", by="system:billing", now=CLOSING,
        facts={"month": "2026-11", "digest": "0" * 64, "schools": 2, "total": 14},
    )  # fmt: skip
    assert not proving.is_whole(forged(month="2026-11", schools=1, total=700))


def test_not_even_the_owner_changes_what_was_closed(real_commits):
    closed, school = forged(), closed_school()
    Adjustment.objects.create(month=closed, school=school, name="X", difference=1, noticed_at=CLOSING)
    for table, column in TABLES.items():
        for verb in (f"UPDATE public.{table} SET {column} = {column}", f"DELETE FROM public.{table}",
                     f"TRUNCATE public.{table} CASCADE"):  # fmt: skip
            with connections["migrator"].cursor() as cursor, pytest.raises(DatabaseError, match="append-only"):
                cursor.execute(verb)


@pytest.mark.parametrize(("table", "column"), TABLES.items())
def test_the_platforms_login_has_no_right_to_change_them_before_any_trigger(world_db, table, column):
    for verb in (f"UPDATE public.{table} SET {column} = {column}", f"DELETE FROM public.{table}",
                 f"TRUNCATE public.{table}"):  # fmt: skip
        with connections["default"].cursor() as cursor, transaction.atomic():
            with pytest.raises(DatabaseError, match="permission denied"):
                cursor.execute(verb)
            transaction.set_rollback(True)
