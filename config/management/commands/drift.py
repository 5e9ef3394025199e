"""`drift`: compare every school's schema with one built by plain migrations."""

from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from tenants import drift


class Command(BaseCommand):
    help = "Compare everything in every school's schema with one built by plain migrations, and keep what is found."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--open", action="store_true", help="only list what earlier looks found")

    def handle(self, *args: Any, **options: Any) -> None:
        seen = drift.ByHand(self._known()) if options["open"] else drift.look_by_hand(now=timezone.now())
        for slug, differences in seen.differing:
            self.stdout.write(f"{slug}:")
            for line in differences:
                self.stdout.write(f"  {line}")
        for slug, why in seen.passed_over:
            self.stdout.write(f"{slug}: not compared. {why}")
        wrong = [
            f"{len(of)} schools {what}."
            for of, what in ((seen.differing, "differ from the reference"), (seen.passed_over, "were not compared"))
            if of
        ]
        if wrong:
            raise CommandError(" ".join(wrong))
        self.stdout.write("Nothing is open." if options["open"] else "Every school equals the reference.")

    def _known(self) -> list[tuple[str, list[str]]]:
        return [(found.slug, list(found.differences)) for found in drift.open_findings()]
