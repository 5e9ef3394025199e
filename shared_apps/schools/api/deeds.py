"""What the calls about one onboarding have in common."""

from typing import Any

from django.http import HttpRequest

from shared_apps.schools.models import Onboarding
from shared_apps.schools.services.onboarding import onboarding_of
from tenants.door import Within, actor_of
from tenants.ids import parse_id
from tenants.permissions import Permission

HERE = "/operator/onboardings/{onboarding_id}"
DOOR: dict[str, Any] = {"permission": Permission.SCHOOLS_ONBOARD, "within": Within.PLATFORM}


def found(request: HttpRequest, key: str) -> Onboarding:
    """The onboarding of an address, if its school is within reach. Raises 404."""
    return onboarding_of(parse_id(key), actor=actor_of(request))
