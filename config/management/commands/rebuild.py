"""`manage.py rebuild gate.presence --school greenfield`: throw a projection away and make it again from its events."""

from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenant_apps.gate.services.flow import rebuild_flow
from tenant_apps.gate.services.presence import rebuild_presence
from tenants.models import School
from tenants.scope import school_scope

# Each runs in the school's scope, in one transaction, and says how many rows it made.
PROJECTIONS: dict[str, Callable[[], int]] = {
    "gate.presence": rebuild_presence,
    "gate.flow": rebuild_flow,
}


class Command(BaseCommand):
    help = "Rebuild a projection of one school."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("projection", choices=sorted(PROJECTIONS))
        parser.add_argument("--school", required=True, metavar="SLUG")

    def handle(self, *args: Any, **options: Any) -> None:
        school = School.objects.select_related("placement").filter(slug=options["school"]).first()
        if school is None:
            raise CommandError(f"There is no school called {options['school']}.")
        with school_scope(school.ref()):
            rows = PROJECTIONS[options["projection"]]()
        self.stdout.write(f"{options['projection']} of {school.slug}: {rows} rows")
