"""`setup_database`: logins, roles, the database, the platform's tables and the golden schema."""

from typing import Any

from django.core.management import BaseCommand, CommandParser, call_command
from django.db import connections

from tenants import births
from tenants.provisioning import golden_text
from tenants.roles import close_platform_history


class Command(BaseCommand):
    help = "Create or bring up to date the platform's tables and the golden schema (the logins are made on the way)."

    def add_arguments(self, parser: CommandParser) -> None:
        # Read by `config.bootstrap` before Django starts.
        parser.add_argument("--rotate", action="store_true", help="give the logins new passwords and print their URLs")

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate_schemas", shared=True, verbosity=0, interactive=False)
        migrator: Any = connections["migrator"]
        migrator.set_schema_to_public()
        with migrator.cursor() as cursor:
            close_platform_history(cursor)
        golden_text()
        for name in births.sweep():
            self.stdout.write(f"Dropped {name}, which a failed build had left in a cell.")
        if options["verbosity"]:
            self.stdout.write("The database is ready.")
