"""Files for spreadsheets: no cell is a formula, whatever the separator somebody's spreadsheet reads."""

import csv
import io
import re

import pytest
from django.conf import settings

from tenants.tables import csv_text, safe

FORMULA = re.compile("[=+\\-@\uff1d\uff0b\uff0d\uff20]")


@pytest.mark.parametrize(
    "text", ["=1+1", "+27", "-2", "@SUM(A1)", "  =1+1", "\u00a0=1+1", "\u200b=1", '"=1+1"', "\uff1d1+1"]
)
def test_nothing_in_a_cell_is_a_formula(text):
    assert safe(text) == f"'{text}"


@pytest.mark.parametrize("text", ["\tTab High", "\rReturn", "\nLine", "  \t=1"])
def test_a_cell_begins_with_no_separator(text):
    assert str(safe(text)).startswith("'")


@pytest.mark.parametrize("text", ["Isibani Primary", "", "Foo-Bar; Baz", "a = b", "O'Neil, Jo", "a@b.example"])
def test_ordinary_cells_stay_as_they_are(text):
    assert safe(text) == text


def test_numbers_stay_numbers_and_nothing_stays_nothing():
    assert (safe(-3), safe(None), safe(2.5)) == (-3, None, 2.5)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize(
    "name",
    ['Foo;=HYPERLINK("http://x";"y")', "Foo,=1+1", "Foo\t=1+1", "Foo; =1+1", 'Foo;"=1+1"', "Foo\n=1+1", "Foo\r\n+1",
     "a;b,c\t@x", ";=1", ",;\t=1"],
)  # fmt: skip
def test_no_reader_finds_a_formula_behind_its_own_separator(separator, name):
    """Read as crudely as can be: every separator and every line splits, quotes are thrown away."""
    text = csv_text(("school", "count"), [(name, 7)]).removeprefix("\ufeff")
    for piece in re.split(r"[\r\n]|" + re.escape(separator), text):
        bare = piece.strip(' "')
        assert not FORMULA.match(bare), (piece, text)
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert row["school"].replace("'", "") == name.replace("'", "") and row["count"] == "7"


def test_every_cell_stands_in_quotes_and_a_last_line_may_say_more():
    text = csv_text(("a", "b"), [("x", None)], last=("=not all",))
    assert text == '\ufeff"a","b"\r\n"x",""\r\n"\'=not all"\r\n'


def test_every_table_of_the_product_is_made_in_one_place():
    made = re.compile(r"\bcsv\.(writer|DictWriter)|^from csv import|openpyxl|xlsxwriter", re.M)
    found = [
        str(path.relative_to(settings.BASE_DIR))
        for folder in ("config", "shared_apps", "tenant_apps", "tenants")
        for path in (settings.BASE_DIR / folder).rglob("*.py")
        if made.search(path.read_text())
    ]
    assert found == ["tenants/tables.py"]
