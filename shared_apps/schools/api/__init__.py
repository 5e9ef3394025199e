"""The doors of the API to schools: the directory, their settings and support, and a school's beginning."""

from shared_apps.schools.api import settings, support
from shared_apps.schools.api.directory import router as schools
from shared_apps.schools.api.onboarding import onboardings

schools.add_router("", settings.router)
schools.add_router("", support.router)

__all__ = ["onboardings", "schools"]
