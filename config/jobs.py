"""The clock's door to what needs the whole product in sight."""

from django.utils import timezone

from config.canaries.turn import turns
from tenants.jobs import job, nobody_waits
from tenants.night import is_night

BY_DAY = 3.0  # seconds of each five minutes: what one worker spends on it at most, but for the school it is at
BY_NIGHT = 60.0  # half of what the queue lets a job take


@job("canaries.ask")
def ask_canaries() -> None:
    """Look for what is unmistakably other schools' in all that some schools and the platform's people can read.

    By night a round gets on; by day it keeps the figure fresh. Other work that waits is let past before each school.
    """
    now = timezone.now()
    seconds = BY_NIGHT if is_night(now) else BY_DAY
    turns(clock=timezone.now, seconds=seconds, go_on=nobody_waits)
