"""`setup_database`: logins, roles, the database, the platform's tables and the golden schema."""

from typing import Any

from django.core.management import BaseCommand, call_command
from django.db import connections

from tenants.provisioning import golden_text
from tenants.roles import close_platform_history


class Command(BaseCommand):
    help = "Create or bring up to date the platform's tables and the golden schema (the logins are made on the way)."

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate_schemas", shared=True, verbosity=0, interactive=False)
        migrator: Any = connections["migrator"]
        migrator.set_schema_to_public()
        with migrator.cursor() as cursor:
            close_platform_history(cursor)
        golden_text()
        self.stdout.write("The database is ready.")
