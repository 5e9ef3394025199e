"""Which login reads what: a school's models through `schools`, everything else through `default`."""

from typing import Any

from django.apps import apps
from django.conf import settings
from django_tenants.routers import TenantSyncRouter

from tenants.current import school_or_none


class Router(TenantSyncRouter):  # type: ignore[misc]
    """`allow_migrate` is inherited: only the migrator's alias migrates."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        if not of_a_school(model._meta.app_label):
            return "default"
        school = school_or_none()
        return school.alias if school else "schools"

    db_for_write = db_for_read

    def allow_relation(self, one: Any, other: Any, **hints: Any) -> bool:
        return of_a_school(one._meta.app_label) == of_a_school(other._meta.app_label)


def of_a_school(app_label: str) -> bool:
    return apps.get_app_config(app_label).name in settings.TENANT_APPS
