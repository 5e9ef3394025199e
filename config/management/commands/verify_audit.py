"""`verify_audit`: check the sealed history of a school, of all schools, of the platform; or export one."""

from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from config import auditing
from config.auditing import History, NoHistory
from config.given import NoCheckpoint, checkpoints_in, must_be_of, upheld
from tenants.cells import CellDown
from tenants.failures import what_failed
from tenants.seals import Statement


class Command(BaseCommand):
    help = "Check numbers, chain, tree, signatures and both places of checkpoints; name the first number that is wrong."

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--school", metavar="SLUG", help="one school")
        which.add_argument("--all", action="store_true", help="every school and the platform (the default)")
        which.add_argument("--platform", action="store_true", help="the platform's own history")
        parser.add_argument("--export", metavar="FILE", help="also write one history, for verifier/verify.py")
        parser.add_argument(
            "--checkpoint", metavar="FILE", action="append", default=[],
            help="a checkpoint kept elsewhere, as it was mailed, or lines of the log: must be of the one history",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        one = options["school"] or options["platform"]
        if (options["export"] or options["checkpoint"]) and not one:
            raise CommandError("--export and --checkpoint are of one history: say which with --school or --platform.")
        try:
            # Read before the history is: what was kept by then is in it, or was taken out.
            given = [statement for path in options["checkpoint"] for statement in checkpoints_in(Path(path))]
            bad, away = self._counted(given, options)
        except (NoCheckpoint, NoHistory) as error:
            raise CommandError(str(error)) from error
        if bad or away:
            raise CommandError(" ".join(filter(None, (_are(bad, "not as sealed"), _are(away, "not checked")))))

    def _counted(self, given: list[Statement], options: dict[str, Any]) -> tuple[int, int]:
        """How many histories are not as sealed, and how many could not be looked at."""
        bad = away = 0
        for name, history in auditing.histories(options["school"], platform=options["platform"]):
            # One that cannot be read keeps nobody from checking the others.
            try:
                bad += not self._told(name, history(), given, options["export"])
            except CellDown:
                away += 1
                self.stdout.write(f"{name}: not checked, its cell does not answer.")
            except DatabaseError as error:
                bad += 1
                self.stdout.write(f"{name}: NOT PROVEN, it cannot be read: {what_failed(error)}.")
        return bad, away

    def _told(self, name: str, history: History, given: list[Statement], export: str | None) -> bool:
        report = history.checked(must_be_of(history.whose, given))
        if report.good:
            self.stdout.write(f"{name}: {report.size} events are as they were sealed.{upheld(given)}")
        else:
            self.stdout.write(f"{name}: NOT PROVEN from number {report.bad} on: {report.why}.")
        if export:
            self._export(history, Path(export))
        return report.good

    def _export(self, history: History, path: Path) -> None:
        with path.open("w", encoding="utf-8") as out:
            count = history.export(out)
        self.stdout.write(f"{path}: {count} events.")


def _are(number: int, what: str) -> str:
    return f"{number} {'history is' if number == 1 else 'histories are'} {what}." if number else ""
