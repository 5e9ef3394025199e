"""What the clock starts: forgetting requests that were kept long enough."""

from django.utils import timezone

from shared_apps.access.services import requests
from tenants.jobs import job


@job("access.tidy")
def tidy() -> None:
    requests.tidy(now=timezone.now())
