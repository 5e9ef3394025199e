"""Months, and what they are closed with."""

from datetime import date

import pytest

from shared_apps.billing.rules import before, digest, end_of, months, read_month

TODAY = date(2026, 1, 31)


def test_months_go_back_over_new_year():
    assert [f"{month:%Y-%m}" for month in months(TODAY)][:3] == ["2026-01", "2025-12", "2025-11"]
    assert len(months(TODAY)) == 24 and months(TODAY)[-1] == date(2024, 2, 1)
    assert before(date(2026, 1, 1), -1) == date(2026, 2, 1) and end_of(date(2024, 2, 1)) == date(2024, 2, 29)


@pytest.mark.parametrize(
    ("text", "month"),
    [("", date(2026, 1, 1)), ("2025-12", date(2025, 12, 1)), ("2024-01", None), ("2026-02", None), ("2026-1", None),
     ("junk", None), ("2026-01-01", None), ("\u0662026-01", None)],
)  # fmt: skip
def test_a_month_is_one_of_those_shown_or_none(text, month):
    assert read_month(text, TODAY) == month


def test_a_digest_knows_the_month_and_every_cell_but_no_order():
    rows = [("a", "A", 1, 0, 0, 0, 0), ("b", "B", 2, 0, 0, 0, 0)]
    month = date(2026, 1, 1)
    assert digest(month, rows) == digest(month, reversed(rows))
    changed = {digest(month, rows), digest(date(2026, 2, 1), rows), digest(month, [("a", "A", 2, 0, 0, 0, 0), rows[1]])}
    assert len(changed | {digest(month, rows[:1])}) == 4
