"""The provisioner's loop: look for a due step of its lane, do it, say that it is alive."""

import logging
import os
import signal
import sys
import time
from types import FrameType
from typing import NoReturn

from django.db import connections
from django.utils import timezone

from shared_apps.workflows.services.advance import advance
from shared_apps.workflows.services.registry import Lane
from tenants.births import sweep
from tenants.jobs import beat
from tenants.provisioning import golden_text
from tenants.traces import without_text

log = logging.getLogger(__name__)
LOOK_EVERY = 0.25  # seconds between two looks; one statement on an index
PATIENCE = 20  # failures in a row after which only a fresh start can help
GAVE_UP = 70  # exit status
HEARTBEAT = "provisioner"


class Asked:
    """Whether somebody wants an end. Not a threading.Event: a signal's handler may not wait for its lock."""

    def __init__(self) -> None:
        self.now = False

    def ask(self, number: int, frame: FrameType | None) -> None:
        self.now = True


def run() -> None:
    """Work until SIGTERM or SIGINT; the step in hand is finished first. Exits with GAVE_UP when nothing works."""
    asked, failures = Asked(), 0
    signal.signal(signal.SIGTERM, asked.ask)
    signal.signal(signal.SIGINT, asked.ask)
    while not asked.now:
        failures = 0 if _turn(asked) else failures + 1
        if failures >= PATIENCE:
            _give_up()
        time.sleep(LOOK_EVERY if not failures else min(0.5 * failures, 5.0))


def _turn(asked: Asked) -> bool:
    """One look; whether the database could be worked with."""
    try:
        golden_text_once()
        while not asked.now and advance(Lane.PROVISIONER, clock=timezone.now):
            pass
        beat(HEARTBEAT)
        return True
    except Exception as error:
        log.error("the provisioner cannot work\n%s", without_text(error))
        connections.close_all()
        return False


_warm: list[bool] = []


def golden_text_once() -> None:
    """Before the first school: after an update the text is made here and not while somebody waits, and what a killed
    build left in a cell is dropped."""
    if not _warm:
        golden_text()
        sweep()
        _warm.append(True)


def _give_up() -> NoReturn:
    log.critical("the provisioner gives up")
    sys.stdout.flush()
    os._exit(GAVE_UP)
