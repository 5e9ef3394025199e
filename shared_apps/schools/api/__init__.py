"""The doors of the API to schools: the directory, settings, support, a school's beginning and first thirty days."""

from shared_apps.schools.api import settings, support
from shared_apps.schools.api.directory import router as schools
from shared_apps.schools.api.onboarding import onboardings
from shared_apps.schools.api.setup import setup
from shared_apps.schools.api.welcome import first_days

schools.add_router("", settings.router)
schools.add_router("", support.router)

__all__ = ["first_days", "onboardings", "schools", "setup"]
