"""Writing a row that must be the only one of its kind."""

from django.db import IntegrityError, transaction

from tenants.current import current_school
from tenants.problems import conflict
from tenants.records import SchoolRecord

UNIQUE_VIOLATION = "23505"


def insert(row: SchoolRecord, *, taken: str) -> None:
    """Insert `row`. Raises Refusal (409, `taken`) when a unique value is in use; the transaction stays usable."""
    try:
        with transaction.atomic(using=current_school().alias):
            row.save(force_insert=True)
    except IntegrityError as error:
        if getattr(error.__cause__, "sqlstate", "") == UNIQUE_VIOLATION:
            raise conflict(taken) from error
        raise
