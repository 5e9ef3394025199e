"""What the clock and the post ask of identity."""

from django.utils import timezone

from shared_apps.identity.services import limits, links, refusals
from shared_apps.post.services import prepares
from tenants.jobs import job

prepares(links.FORGOTTEN_MAIL)(links.forgotten_facts)


@job("identity.tidy")
def tidy() -> None:
    """Forget links long past, and who asked for something or failed when that no longer counts."""
    now = timezone.now()
    links.tidy(now=now)
    limits.tidy(now=now)
    refusals.tidy(now=now)
