"""The processes behind the web, the schools' tables, and the people in charge."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from config import provisioner
from config.probes.lines import Line, broken, judged, missing, ready
from shared_apps.identity.services.accounts import holders, is_known
from tenants import cells, fleet, health, provisioning, worker
from tenants.jobs import last_beat
from tenants.models import SchoolPlacement


def processes() -> Iterator[Line]:
    for about, name in (("Worker", worker.SWEEP), ("Provisioner", provisioner.HEARTBEAT)):
        yield _alive(about, last_beat(name))


def _alive(about: str, beat: datetime | None) -> Line:
    if beat is None:
        return missing(about, "was never heard: it does not run, or cannot reach the database")
    age = timezone.now() - beat
    if age <= timedelta(seconds=settings.WORKER_STALE_SECONDS):
        return ready(about, "alive")
    said = f"was last heard {beat:%Y-%m-%d %H:%M} UTC"
    return missing(about, said) if settings.ENV.local else broken(about, said)


def data() -> Iterator[Line]:
    """The platform's tables, where the schools lie and at which state, and whether somebody is in charge."""
    faults = health.unready()
    yield judged("Tables", ", ".join(faults), "are those the code was written for")
    if faults:
        return
    lost = SchoolPlacement.objects.exclude(alias__in=cells.aliases()).count()
    yield judged("Cells", f"{lost} schools lie in cells that CELLS does not name" if lost else "", "hold every school")
    yield judged("Schools", "; ".join(_behind()), "all at the newest state")
    yield judged("Super admin", "" if holders("super_admin") else "nobody is: run create_super_admin", "there is one")
    if not settings.ENV.local:
        known = is_known("root@example.com")
        yield judged("Demo", "its sign-ins exist here, and their password is public" if known else "", "is not here")


def _behind() -> Iterator[str]:
    newest = provisioning.fingerprint()[:12]
    for mark, schools, held in fleet.status():
        if mark != newest or held:
            yield f"{schools} stand at {mark or 'an unknown state'}, {held} quarantined: run migrate_schools"
