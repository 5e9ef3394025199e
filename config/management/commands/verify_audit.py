"""`verify_audit`: check the sealed history of a school, of all schools, of the platform; or export one."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from config import auditing
from config.auditing import History
from tenants.cells import CellDown
from tenants.failures import what_failed
from tenants.models import School


class Command(BaseCommand):
    help = "Check numbers, chain, tree, signatures and both places of checkpoints; name the first number that is wrong."

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--school", metavar="SLUG", help="one school")
        which.add_argument("--all", action="store_true", help="every school and the platform (the default)")
        which.add_argument("--platform", action="store_true", help="the platform's own history")
        parser.add_argument("--export", metavar="FILE", help="also write one history, for verifier/verify.py")

    def handle(self, *args: Any, **options: Any) -> None:
        one = options["school"] or options["platform"]
        if options["export"] and not one:
            raise CommandError("--export writes one history: say which with --school or --platform.")
        bad = away = 0
        for name, history in self._histories(options["school"], options["platform"]):
            # One that cannot be read keeps nobody from checking the others.
            try:
                bad += not self._told(name, history(), options["export"])
            except CellDown:
                away += 1
                self.stdout.write(f"{name}: not checked, its cell does not answer.")
            except DatabaseError as error:
                bad += 1
                self.stdout.write(f"{name}: NOT PROVEN, it cannot be read: {what_failed(error)}.")
        if bad or away:
            raise CommandError(" ".join(filter(None, (_are(bad, "not as sealed"), _are(away, "not checked")))))

    def _told(self, name: str, history: History, export: str | None) -> bool:
        report = history.checked()
        if report.good:
            self.stdout.write(f"{name}: {report.size} events are as they were sealed.")
        else:
            self.stdout.write(f"{name}: NOT PROVEN from number {report.bad} on: {report.why}.")
        if export:
            self._export(history, Path(export))
        return report.good

    def _histories(self, slug: str | None, platform: bool) -> Iterator[tuple[str, Callable[[], History]]]:
        if not platform:
            schools = School.objects.select_related("placement")
            chosen = list(schools.filter(slug=slug) if slug else schools)
            if slug and not chosen:
                raise CommandError(f"There is no school called {slug}.")
            for school in chosen:
                yield school.slug, partial(auditing.of_school, school.ref())
        if not slug:
            yield "platform", auditing.of_platform

    def _export(self, history: History, path: Path) -> None:
        with path.open("w", encoding="utf-8") as out:
            count = history.export(out)
        self.stdout.write(f"{path}: {count} events.")


def _are(number: int, what: str) -> str:
    return f"{number} {'history is' if number == 1 else 'histories are'} {what}." if number else ""
