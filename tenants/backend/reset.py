"""What every new or returned connection is put back to. Apart from the backend, so that settings can import it."""

from typing import Any


def cleanse(connection: Any, scoped: bool) -> None:
    """Put a new or returned connection back to no role and the path of its world."""
    path = "''" if scoped else "public"
    connection.execute(f"SET ROLE NONE; SET search_path = {path}")
    if not connection.autocommit:
        connection.commit()


def cleanse_school(connection: Any) -> None:
    cleanse(connection, True)


def cleanse_platform(connection: Any) -> None:
    cleanse(connection, False)
