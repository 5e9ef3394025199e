"""What the clock starts: finishing approvals, telling of those that came to nothing, forgetting."""

from django.utils import timezone

from shared_apps.access.services import letting_in, new_schools, requests
from tenants.jobs import job


@job("access.tidy")
def tidy() -> None:
    requests.tidy(now=timezone.now())


@job("access.finish")
def finish() -> None:
    letting_in.resume(now=timezone.now())


@job("access.tell")
def tell() -> None:
    new_schools.tell(now=timezone.now())
