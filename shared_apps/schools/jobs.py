"""What the clock starts for the directory of schools, and for schools on their way in."""

from django.utils import timezone

from shared_apps.schools.services import directory, onboarding_drafts, settings_asked, standing, welcome
from tenants.jobs import job


@job("schools.tell")
def tell() -> None:
    """Put what was done to a school into both histories, where one of them could not be written at once."""
    now = timezone.now()
    standing.tell_untold(now=now)
    settings_asked.hear_unheard(now=now)


@job("schools.add_up")
def add_up() -> None:
    """Keep the counting of schools short."""
    directory.add_up()


@job("schools.tidy_drafts")
def tidy_drafts() -> None:
    """Delete the answers that nobody used."""
    onboarding_drafts.tidy(now=timezone.now())


@job("schools.notice")
def notice() -> None:
    """What new schools have done for the first time."""
    welcome.notice(now=timezone.now())
