"""`migrate_schools`: bring every school to the newest schema, or say where each one stands."""

import time
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser

from tenants import fleet, provisioning
from tenants.models import School


class Command(BaseCommand):
    help = "Migrate every school: SQL computed once, one transaction per school, a failing one quarantined."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--status", action="store_true", help="say how many schools stand where")
        parser.add_argument("--reference", action="store_true", help="use django-tenants' own command instead")
        parser.add_argument("--workers", type=int, default=1, help="connections after the canary wave")
        parser.add_argument("--canaries", type=int, default=1, help="schools in the canary wave")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["status"]:
            self._status()
        elif options["reference"]:
            for school in School.objects.using(provisioning.MIGRATOR).all():
                provisioning.migrate(school.schema_name)
        else:
            self._migrate(options["workers"], options["canaries"])

    def _status(self) -> None:
        newest = provisioning.fingerprint()[:12]
        for mark, schools, held in fleet.status():
            word = "newest" if mark == newest else "behind"
            self.stdout.write(f"{mark or 'unknown':12}  {word:6}  {schools} schools, {held} quarantined")

    def _migrate(self, workers: int, canaries: int) -> None:
        began, done = time.monotonic(), 0

        def told(schema: str, state: str) -> None:
            nonlocal done
            done += 1
            self.stdout.write(f"{done:6}  {time.monotonic() - began:7.1f} s  {schema}  {state}")

        provisioning.golden_text()
        outcome = fleet.migrate_fleet(workers=workers, canaries=canaries, told=told)
        self.stdout.write(f"{outcome.moved} schools migrated, {outcome.quarantined} quarantined.")
        if outcome.quarantined:
            raise CommandError("Some schools are quarantined; `--status` counts them, the log says why.")
