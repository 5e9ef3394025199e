"""Things beside the database that belong to a school: cache keys, files, locks.

Each takes the school from the scope and raises OutsideScope without one, so that no key can be shared by two schools.
"""

from pathlib import Path

from django.conf import settings
from django.db import connections

from tenants.current import current_school


def cache_key(name: str) -> str:
    """The key under which the open school keeps `name` in a shared cache."""
    return f"school:{current_school().id}:{name}"


def file_path(name: str) -> Path:
    """Where the open school keeps the file `name`. Raises ValueError for a name that would leave its folder."""
    folder = Path(settings.SCHOOL_FILES) / current_school().schema
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise ValueError("A file name may not leave the school's folder.")
    return path


def lock(name: str) -> None:
    """Take `name` of the open school until its transaction ends; another school's same name does not wait for it."""
    school = current_school()
    with connections[school.alias].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{school.id}:{name}"])
