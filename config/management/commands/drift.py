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
        found = self._known() if options["open"] else drift.look_by_hand(now=timezone.now())
        for slug, differences in found:
            self.stdout.write(f"{slug}:")
            for line in differences:
                self.stdout.write(f"  {line}")
        if found:
            raise CommandError(f"{len(found)} schools differ from the reference.")
        self.stdout.write("Nothing is open." if options["open"] else "Every school equals the reference.")

    def _known(self) -> list[tuple[str, list[str]]]:
        return [(found.slug, list(found.differences)) for found in drift.open_findings()]
