"""`migrate_schools`: bring every school to the newest schema, or say where each one stands."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.core.management import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from config.arguments import some, some_or_none
from config.progress import Progress
from tenants import drift, fleet, provisioning
from tenants.markers import ON_THE_WAY
from tenants.plans import NoPlan

NAMED = 50  # failures named at the end; the rest is counted


class Command(BaseCommand):
    help = "Migrate every school: SQL computed once, one transaction per school, a failing one quarantined."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--status", action="store_true", help="say how many schools stand where")
        parser.add_argument("--reference", action="store_true", help="use django-tenants' own command instead")
        parser.add_argument("--workers", type=some, default=1, help="connections after the canary wave")
        parser.add_argument("--canaries", type=some_or_none, default=1, help="schools in the canary wave, 0 for none")
        parser.add_argument("--first", type=some, help="move no more than so many schools now")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["status"]:
            self._status()
        elif options["reference"]:
            self._by_reference()
        else:
            self._migrate({word: options[word] for word in ("workers", "canaries", "first")})

    def _status(self) -> None:
        newest = provisioning.fingerprint()[:12]
        words = {newest: "newest", ON_THE_WAY: "between two lanes"}
        schools, slow = fleet.standing()
        for mark, number, held in schools:
            said = words.get(mark, "behind")
            self.stdout.write(f"{mark or 'unknown':12}  {said:17}  {number} schools, {held} quarantined")
        for migration, state, number in slow:
            self.stdout.write(f"index lane    {state:17}  {number} schools, {migration}")

    def _by_reference(self) -> None:
        provisioning.golden_text()
        migrated, left_out = fleet.migrate_by_reference()
        self.stdout.write(f"{migrated} schools migrated by django-tenants' own command.")
        if left_out:
            self.stdout.write(f"{left_out} schools of other cells were left out: that command knows one database.")

    def _migrate(self, how: dict[str, Any]) -> None:
        provisioning.golden_text()  # and with it what drift compares with
        watch = Shown(self.stdout, how["workers"])
        try:
            outcome = fleet.migrate_fleet(watch=watch, **how)
        except NoPlan as wrong:
            raise CommandError(str(wrong)) from None
        finally:
            watch.close()
        self._tell(outcome, watch)

    def _tell(self, outcome: fleet.Outcome, watch: "Shown") -> None:
        self.stdout.write(f"{outcome.migrated} schools migrated, {outcome.quarantined} quarantined.")
        for told in watch.failures[:NAMED]:
            self.stdout.write(f"  {told.school}: {told.state}. {told.why}")
        if len(watch.failures) > NAMED:
            self.stdout.write(f"  and {len(watch.failures) - NAMED} more.")
        if watch.drifted:
            self.stdout.write(f"{watch.drifted} schools differ from the reference: `drift` says how.")
        if outcome.untried:
            self.stdout.write(f"Stopped: too many of a wave failed. {outcome.untried} schools were left as they are.")
        if outcome.unreachable:
            self.stdout.write(f"{outcome.unreachable} schools lie in a cell that does not answer.")
        if outcome != fleet.Outcome(migrated=outcome.migrated):
            raise CommandError("Not every school is at the newest state; the next run goes on from here.")


class Shown(fleet.Watch):
    """A progress line per lane, the failures kept for the end, and a look for drift after each wave."""

    def __init__(self, out: Any, workers: int = 1) -> None:
        self.out, self.workers = out, workers
        self.failures: list[fleet.Told] = []
        self.progress: Progress | None = None
        self.looked_at: list[UUID] = []

    def lane(self, name: str, schools: int) -> None:
        self.close()
        self.progress = Progress(self.out, name, schools)

    def ended(self, told: fleet.Told) -> None:
        failed = told.state in ("quarantined", "unfinished", "unreachable")
        if failed:
            self.failures.append(told)
        if self.progress:
            self.progress.step(failed=failed)

    def wave(self, schools: Sequence[UUID]) -> None:
        drift.look(schools, now=timezone.now(), using=provisioning.MIGRATOR, workers=self.workers)
        self.looked_at += schools

    def close(self) -> None:
        if self.progress:
            self.progress.close()
        self.progress = None

    @property
    def drifted(self) -> int:
        """Of the schools of this run, how many have an open finding."""
        ours = set(self.looked_at)
        return sum(found.school in ours for found in drift.open_findings())
