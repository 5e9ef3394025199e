"""Whoever needs the same thing of the platform gets it one after the other, so that racing buys nothing."""

from django.db import connection


def wait_for(key: bytes) -> None:
    """Wait until nobody else has `key`, a digest, and keep it until the platform's open transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [int.from_bytes(key[:8], signed=True)])
