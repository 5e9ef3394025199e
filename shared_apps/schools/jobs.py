"""What the clock starts for schools on their way in."""

from django.utils import timezone

from shared_apps.schools.services import onboarding_answers
from tenants.jobs import job


@job("schools.tidy_drafts")
def tidy_drafts() -> None:
    """Delete the answers that nobody used."""
    onboarding_answers.tidy(now=timezone.now())
