"""`preflight`: what must be right before an installation serves people. Exits non-zero when something is not."""

from collections import Counter
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError

from config.probes import backups, keys, logins, mailboxes, proxies, scrapes, web, work
from config.probes.lines import Line, Probe, State, asked

PROBES: tuple[tuple[str, Probe], ...] = (
    ("SECRET_KEY", keys.secret_key),
    ("KEK", keys.kek),
    ("TOKEN_KEYS", keys.token_keys),
    ("SEAL_KEYS", keys.seal_keys),
    ("VAPID_PRIVATE_KEY", keys.vapid_key),
    ("EMAIL_URL", mailboxes.email),
    ("PUBLIC_URL", web.address),
    ("TRUSTED_PROXIES", proxies.trusted),
    ("RESPONSIBLE_PARTY", web.responsible),
    ("/dev pages", web.pages_of_local),
    ("Message providers", web.stand_ins),
    ("/metrics", scrapes.strangers),
    ("Static files", web.static_files),
    ("Logins", logins.run_time),
    ("MIGRATOR_DATABASE_URL", logins.migrator),
    ("Rights", logins.rights),
    ("Data", work.data),
    ("Processes", work.processes),
    ("BACKUP_MARKER", backups.backup),
)


class Command(BaseCommand):
    help = "Prove each secret, login, mailbox, process and backup by using it. Changes nothing, shows no secret."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        lines = [line for about, probe in PROBES for line in asked(about, probe)]
        for line in lines:
            self.stdout.write(str(line))
        stopping = [line for line in lines if line.stops(production=settings.ENVIRONMENT == "production")]
        if stopping:
            raise CommandError(f"Not right: {', '.join(dict.fromkeys(line.about for line in stopping))}.")
        self.stdout.write(summary(lines))


def summary(lines: list[Line]) -> str:
    counts = Counter(line.state for line in lines)
    told = ", ".join(f"{counts[state]} {state.lower()}" for state in State)
    return f"Everything that is needed here is right: {told}."
