"""What the clock starts on the platform."""

from django.utils import timezone

from shared_apps.audit.services import chain, sealing
from tenants.jobs import job


@job("audit.seal")
def seal() -> None:
    """Number, chain and sign what the platform recorded."""
    sealing.seal(now=timezone.now())


@job("audit.check_chain")
def check_chain() -> None:
    """Is everything the platform sealed still as it was? The audit view says so, or from where it is not."""
    chain.check_chain(now=timezone.now())


@job("audit.seal_late")
def seal_late() -> None:
    """The same for events of any age: one may have been committed long after it got its id."""
    sealing.seal(now=timezone.now(), all_of_it=True)
