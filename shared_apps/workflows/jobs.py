"""What wakes the worker's lane: a commit, and the clock for what nobody was woken for."""

from django.utils import timezone

from shared_apps.workflows.services.advance import advance
from shared_apps.workflows.services.registry import Lane
from tenants.jobs import job

AT_A_TIME = 50  # steps of one turn, far below what a turn may last


@job("workflows.advance")
def turn() -> None:
    """Do what is due."""
    for _ in range(AT_A_TIME):
        if not advance(Lane.WORKER, clock=timezone.now):
            return
