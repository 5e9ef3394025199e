"""`openapi`: write the API's description to docs/openapi.json, or check that it is still true."""

import json
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError

from config.api import api

SNAPSHOT = settings.BASE_DIR / "docs" / "openapi.json"


def description() -> str:
    """The API as it is, as stable text."""
    return json.dumps(api.get_openapi_schema(), indent=1, sort_keys=True, ensure_ascii=False, default=str) + "\n"


class Command(BaseCommand):
    help = "Write docs/openapi.json anew; with --check, fail when it differs from the API."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--check", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["check"]:
            SNAPSHOT.parent.mkdir(exist_ok=True)
            SNAPSHOT.write_text(description())
        elif not SNAPSHOT.exists() or SNAPSHOT.read_text() != description():
            raise CommandError("docs/openapi.json differs from the API. Read the change, then: manage.py openapi")
