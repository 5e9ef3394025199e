"""The doors of the API to schools: the directory, a school's beginning, what needs help, its first thirty days."""

from shared_apps.schools.api.directory import router as schools
from shared_apps.schools.api.onboarding import onboardings
from shared_apps.schools.api.setup import setup
from shared_apps.schools.api.welcome import first_days

__all__ = ["first_days", "onboardings", "schools", "setup"]
