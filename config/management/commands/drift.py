"""`drift`: compare every school's schema with one built by plain migrations."""

from typing import Any

from django.core.management import BaseCommand, CommandError

from tenants.drift import drifted


class Command(BaseCommand):
    help = "Compare everything in every school's schema with one built by plain migrations."

    def handle(self, *args: Any, **options: Any) -> None:
        schools = 0
        for school, differences in drifted():
            schools += 1
            self.stdout.write(f"{school.slug}:")
            for line in differences:
                self.stdout.write(f"  {line}")
        if schools:
            raise CommandError(f"{schools} schools differ from the reference.")
        self.stdout.write("Every school equals the reference.")
