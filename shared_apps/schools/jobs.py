"""What the clock starts for the directory of schools."""

from django.utils import timezone

from shared_apps.schools.services import directory, standing
from tenants.jobs import job


@job("schools.tell")
def tell() -> None:
    """Put what was done to a school into that school's own history, where it could not be written at once."""
    standing.tell_untold(now=timezone.now())


@job("schools.add_up")
def add_up() -> None:
    """Keep the counting of schools short."""
    directory.add_up()
