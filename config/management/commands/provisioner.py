"""`provisioner`: the one process beside migrations that holds the migrator's login. It builds schools, nothing else."""

from typing import Any

from django.core.management import BaseCommand, CommandError
from django.db import connections

from config import logs, provisioner
from tenants.provisioning import MIGRATOR


class Command(BaseCommand):
    help = "Build the schools that onboarding asks for, until stopped. Exits non-zero when it must be started afresh."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        if MIGRATOR not in connections:
            raise CommandError("MIGRATOR_DATABASE_URL is not set: the provisioner cannot build schools without it.")
        logs.keep_crashes_silent()
        provisioner.run()
