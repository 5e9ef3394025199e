"""The wall's Django app: loads every app's doors of one kind once, so that the tables are filled in each process."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class TenantsConfig(AppConfig):
    name = "tenants"

    def ready(self) -> None:
        autodiscover_modules("reactions")
        autodiscover_modules("jobs")
        autodiscover_modules("for_platform")
        autodiscover_modules("workflows")
