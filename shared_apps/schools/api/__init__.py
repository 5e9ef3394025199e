"""The doors of the API to schools: the directory, and a school's beginning."""

from shared_apps.schools.api.directory import router as schools
from shared_apps.schools.api.onboarding import onboardings

__all__ = ["onboardings", "schools"]
