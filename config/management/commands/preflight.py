"""`preflight`: what must be right before an installation serves people. Exits non-zero when something is not."""

import base64
import binascii
import os
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError
from django.db import connections

from config import env
from shared_apps.identity.services.accounts import holders, is_known
from tenants import cells, fleet, health, preflight, provisioning
from tenants.models import SchoolPlacement
from tenants.seals import DERIVED

LONG_ENOUGH = 32


class Command(BaseCommand):
    help = "Check secrets, logins, hardening and migrations of this installation. Changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        wrong = [*secrets(), *web(), *server(), *data()]
        for line in wrong:
            self.stdout.write(f"- {line}")
        if wrong:
            raise CommandError(f"{len(wrong)} {'thing is' if len(wrong) == 1 else 'things are'} not right.")
        self.stdout.write("Everything that was looked at is right.")


def secrets() -> Iterator[str]:
    if len(settings.SECRET_KEY) < LONG_ENOUGH:
        yield f"SECRET_KEY is shorter than {LONG_ENOUGH} characters."
    if not _is_key(settings.KEK):
        yield "KEK is not 32 bytes in base64."
    yield from _key_list("TOKEN_KEYS", settings.TOKEN_KEYS)
    if settings.SEAL_KEYS:  # without, one is derived from the KEK
        told = [pair for pair in settings.SEAL_KEYS.split(",") if pair.strip() != DERIVED]
        yield from _key_list("SEAL_KEYS", ",".join(told))


def _key_list(name: str, text: str) -> Iterator[str]:
    for pair in text.split(","):
        kid, _, key = pair.partition(":")
        if not kid or not _is_key(key):
            yield f"{name} is not a comma list of kid:base64 of 32 bytes."


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == LONG_ENOUGH
    except binascii.Error:
        return False


def web() -> Iterator[str]:
    """Outside local only: there, plain http and a mailbox in the database are the point."""
    if settings.ENV.local:
        return
    if not settings.HTTPS:
        yield "PUBLIC_URL does not start with https://."
    if not settings.ALLOWED_HOSTS or "*" in settings.ALLOWED_HOSTS:
        yield "ALLOWED_HOSTS must name the hosts, one by one."
    if not settings.EMAIL_URL:
        yield "EMAIL_URL is not set: guardians would hear nothing."


def server() -> Iterator[str]:
    away = cells.silent()
    yield from (f"The cell {name} does not answer." for name in away)
    admin = os.environ.get("DATABASE_URL")
    if not admin:
        yield "DATABASE_URL is not set, so logins and hardening were not looked at."
        return
    yield from preflight.server_faults(admin, connections["default"].settings_dict["NAME"])
    admins = env.named_urls(os.environ, "CELLS_ADMIN")
    for name, at in settings.ENV.cells.items():
        if name not in admins:
            yield f"CELLS_ADMIN does not name {name}, so its logins and hardening were not looked at."
        elif name not in away:
            yield from (f"{name}: {fault}" for fault in preflight.server_faults(admins[name], at.name, cell=True))


def data() -> Iterator[str]:
    faults = health.unready()
    if faults:
        yield f"Not ready: {', '.join(faults)}."
        return
    lost = SchoolPlacement.objects.exclude(alias__in=cells.aliases()).count()
    if lost:
        yield f"{lost} schools lie in cells that CELLS does not name."
    newest = provisioning.fingerprint()[:12]
    for mark, schools, held in fleet.status():
        if mark != newest or held:
            yield f"{schools} schools stand at {mark or 'an unknown state'}, {held} quarantined: migrate_schools."
    if not holders("super_admin"):
        yield "Nobody is super admin: run create_super_admin."
    if not settings.ENV.local and is_known("root@example.com"):
        yield "The demo's sign-ins exist here, and their password is public."
