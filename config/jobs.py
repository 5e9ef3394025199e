"""The clock's door to what needs the whole product in sight."""

from django.utils import timezone

from config.canaries.turn import turns
from tenants.jobs import job

SECONDS = 10.0  # of a quarter of an hour: what a worker spends on it at most, but for the school it is at


@job("canaries.ask")
def ask_canaries() -> None:
    """Look for what is unmistakably other schools' in all that some schools can read."""
    turns(clock=timezone.now, seconds=SECONDS)
