"""What the clock and a wake-up start: taking letters out, and forgetting old ones."""

from django.utils import timezone

from shared_apps.post import services
from tenants.jobs import job


@job("post.drain")
def drain() -> None:
    services.drain(now=timezone.now())


@job("post.tidy")
def tidy() -> None:
    services.tidy(now=timezone.now())
