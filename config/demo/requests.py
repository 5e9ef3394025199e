"""Requests for access that wait in the demo, so that those who decide have something to decide."""

from datetime import datetime, timedelta

from django.db import transaction

from shared_apps.access.services import requests
from shared_apps.access.services.requests import Particulars
from shared_apps.identity.services.accounts import is_known
from shared_apps.post.services import drain

# Who asks, from where, and how long ago.
WAITING = (
    (
        Particulars(
            "Naledi Khumalo", "naledi@tshwane-north.example", "Tshwane North District",
            "I look after the primary schools of the north and help their offices with lost badges.",
        ),
        "ZA-GP", timedelta(days=4),
    ),
    (
        Particulars(
            "Pieter Botha", "pieter@hoogland.example", "Laerskool Hoogland",
            "I am the principal. We would like to begin with MySentinel in January.",
        ),
        "ZA-GP", timedelta(hours=20),
    ),
    (
        Particulars(
            "Maria Delgado", "maria@brazos-valley.example", "Brazos Valley Schools",
            "I answer for the safety of our six schools and want to see how they are doing.",
        ),
        "US-TX", timedelta(hours=5),
    ),
)  # fmt: skip


def make(*, now: datetime) -> None:
    """Ask and confirm for each, once: not again while the request is kept, nor for somebody who was let in."""
    for said, region, ago in WAITING:
        if requests.waits_or_waited(said.work_email) or is_known(said.work_email):
            continue
        at = now - ago
        with transaction.atomic():
            secret = requests.written_down(said=said, region=region, language="en", network="demo", now=at)
            requests.confirm(secret, now=at + timedelta(minutes=3))
        drain(now=at + timedelta(minutes=4))  # their mail went out then; today it would be too late
