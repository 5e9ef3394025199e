"""`verify_audit`: check the sealed history of a school, of all schools, of the platform; or export one."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser

from config import auditing
from config.auditing import History
from config.given import NoCheckpoint, checkpoints_in
from tenants.models import School
from tenants.seals import Statement


def _upheld(given: list[Statement]) -> str:
    if not given:
        return ""
    return f" Kept elsewhere and of this history: {len(given)}, the newest at {max(one.size for one in given)}."


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
        if options["export"] and not one:
            raise CommandError("--export writes one history: say which with --school or --platform.")
        if options["checkpoint"] and not one:
            raise CommandError("--checkpoint is about one history: say which with --school or --platform.")
        # Read before the history is: what was kept by then is in it, or was taken out.
        given = self._given(options["checkpoint"])
        bad = 0
        for name, history in self._histories(options["school"], options["platform"]):
            if strange := {statement.whose for statement in given} - {history.whose}:
                raise CommandError(f"The checkpoint given is of {', '.join(sorted(strange))}, not of {name}.")
            report = history.checked(given)
            if report.good:
                self.stdout.write(f"{name}: {report.size} events are as they were sealed.{_upheld(given)}")
            else:
                bad += 1
                self.stdout.write(f"{name}: NOT PROVEN from number {report.bad} on: {report.why}.")
            if options["export"]:
                self._export(history, Path(options["export"]))
        if bad:
            raise CommandError(f"{bad} {'history is' if bad == 1 else 'histories are'} not as sealed.")

    def _given(self, paths: list[str]) -> list[Statement]:
        try:
            return [statement for path in paths for statement in checkpoints_in(Path(path))]
        except NoCheckpoint as error:
            raise CommandError(str(error)) from error

    def _histories(self, slug: str | None, platform: bool) -> Iterator[tuple[str, History]]:
        if not platform:
            schools = School.objects.select_related("placement")
            chosen = list(schools.filter(slug=slug) if slug else schools)
            if slug and not chosen:
                raise CommandError(f"There is no school called {slug}.")
            for school in chosen:
                yield school.slug, auditing.of_school(school.ref())
        if not slug:
            yield "platform", auditing.of_platform()

    def _export(self, history: History, path: Path) -> None:
        with path.open("w", encoding="utf-8") as out:
            count = history.export(out)
        self.stdout.write(f"{path}: {count} events.")
