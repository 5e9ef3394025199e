"""`worker`: the process that follows events up and keeps the clock."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand

from config import logs
from config.schedules import SCHEDULES
from tenants import worker


class Command(BaseCommand):
    help = "Run reactions and scheduled jobs until stopped. Exits non-zero when it must be started afresh."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        logs.keep_crashes_silent()
        worker.run(SCHEDULES, stale_after=timedelta(seconds=settings.WORKER_STALE_SECONDS))
