"""`create_super_admin`: the first person of a real installation, with a password that is shown once."""

import os
import pwd
import sys
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.utils import timezone

from shared_apps.identity.services.accounts import give_role, holders, is_known
from shared_apps.identity.services.passwords import temporary_password

ROLE = "super_admin"


class Command(BaseCommand):
    help = "Create a super admin and print a temporary password once. The next ones are invited from the console."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", help="asked for when left out")
        parser.add_argument("--name", help="asked for when left out")
        parser.add_argument("--force", action="store_true", help="although there is a super admin already")

    def handle(self, *args: Any, **options: Any) -> None:
        if holders(ROLE) and not options["force"]:
            raise CommandError("There is a super admin already, who can invite more. --force makes another.")
        email = options["email"] or self._ask("Email address: ")
        name = options["name"] or self._ask("Name: ")
        try:
            validate_email(email)
        except ValidationError:
            raise CommandError(f"{email} is not an email address.") from None
        known, password = is_known(email), temporary_password()
        give_role(
            email=email, role=ROLE, by=f"system:create_super_admin by {_operator()}"[:80], now=timezone.now(),
            name=name, password=password,
        )  # fmt: skip
        if known:
            self.stdout.write(f"{email} could sign in already: the password stays as it is.")
            return
        self.stdout.write(f"Temporary password, shown once: {password}")
        self.stdout.write("It has to be changed at the first sign-in.")

    def _ask(self, question: str) -> str:
        if not sys.stdin.isatty():
            raise CommandError("Nobody is here to ask: give --email and --name.")
        while not (answer := input(question).strip()):
            pass
        return answer


def _operator() -> str:
    """Who of the machine runs this, for the record."""
    return os.environ.get("SUDO_USER") or pwd.getpwuid(os.getuid()).pw_name
