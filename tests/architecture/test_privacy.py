"""`tests/privacy.csv`, written by hand: what every column of every table says about people.

`none` nothing · `id` a bare reference to somebody · `personal` somebody's particulars in clear · `sealed` particulars
under the school's key · `secret` a key, a hash or a credential.
"""

import csv
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db import models

CLASSES = {"none", "id", "personal", "sealed", "secret"}
# A name the platform's own people have there, and what a browser calls itself: the only particulars on the platform.
PERSONAL_ON_THE_PLATFORM = {"identity_membership.name", "identity_session.device"}
# Particulars that wait there sealed for one use, in rows that are emptied or deleted by it.
STAGED_ON_THE_PLATFORM = {
    "post_letter.to_sealed",
    "post_letter.facts_sealed",
    "post_mailboxentry.mail_sealed",
    "operator_requests.particulars_sealed",
    "schools_draft.answers_sealed",
}


def inventory() -> list[dict[str, str]]:
    with (Path(__file__).parent.parent / "privacy.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def columns() -> dict[str, models.Field]:
    """Every column of every model, `table.column` -> field."""
    return {
        f"{model._meta.db_table}.{field.column}": field
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.local_concrete_fields
    }


def of_a_school(field: models.Field) -> bool:
    return apps.get_app_config(field.model._meta.app_label).name in settings.TENANT_APPS


def test_every_column_is_classified_and_every_row_is_a_column():
    rows = [row["column"] for row in inventory()]
    assert sorted(set(columns()) - set(rows)) == [], "columns without a class in tests/privacy.csv"
    assert sorted(set(rows) - set(columns())) == [], "rows of tests/privacy.csv without a column"
    assert len(rows) == len(set(rows)), "a row twice"


def test_every_row_has_a_class_and_says_why():
    wrong = [row["column"] for row in inventory() if row["class"] not in CLASSES or len(row["why"]) < 5 or None in row]
    assert wrong == []


def test_the_platform_keeps_no_particulars_of_a_schools_people():
    held = {row["column"] for row in inventory() if row["class"] in ("personal", "sealed")}
    assert {column for column in held if not of_a_school(columns()[column])} == (
        PERSONAL_ON_THE_PLATFORM | STAGED_ON_THE_PLATFORM
    )


def test_what_is_sealed_is_stored_as_bytes_and_named_so():
    for row in inventory():
        field = columns()[row["column"]]
        assert (row["class"] == "sealed") is row["column"].endswith("_sealed"), row["column"]
        if row["class"] == "sealed":
            assert isinstance(field, models.BinaryField), row["column"]
        if row["column"].endswith("_index"):
            assert row["class"] == "secret" and isinstance(field, models.BinaryField), row["column"]


def test_contacts_are_never_in_clear():
    """Addresses and numbers are sealed; the mailbox of a local installation is the one exception."""
    words = ("email", "phone", "mobile", "address", "id_number")
    for row in inventory():
        name = row["column"].split(".")[1]
        counted = isinstance(columns()[row["column"]], models.PositiveIntegerField)  # how many, not to whom
        if any(word in name for word in words) and not counted:
            assert row["class"] in ("sealed", "secret"), row["column"]
