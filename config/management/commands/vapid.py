"""`vapid`: a fresh key for app notifications, shown once."""

from typing import Any

from django.core.management import BaseCommand

from tenants import vapid


class Command(BaseCommand):
    help = "Make a VAPID_PRIVATE_KEY. Whoever changes it must ask every phone for its subscription again."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"VAPID_PRIVATE_KEY={vapid.new_key()}")
