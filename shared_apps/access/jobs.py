"""What the clock starts: finishing approvals that were interrupted, forgetting what was kept long enough."""

from django.utils import timezone

from shared_apps.access.services import letting_in, requests
from tenants.jobs import job


@job("access.tidy")
def tidy() -> None:
    requests.tidy(now=timezone.now())


@job("access.finish")
def finish() -> None:
    letting_in.resume(now=timezone.now())
