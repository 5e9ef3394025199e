"""What schools were asked to change and the platform's history has no answer of yet: the page may have died between."""

import logging
from datetime import datetime, timedelta

from django.db import DatabaseError, transaction

from shared_apps.audit.services import record
from shared_apps.schools.models import SettingsAsked
from tenants.ask import ask
from tenants.traces import without_text

log = logging.getLogger(__name__)
KIND = "schools.settings_changed"
Changes = dict[str, dict[str, str]]
IN_HAND = timedelta(minutes=1)  # for that long whoever asked is likely to write the answer down
GIVEN_UP = timedelta(days=1)  # what the school knows nothing of by then never reached it, or changed nothing


def hear(asked: SettingsAsked, changes: Changes) -> None:
    """Put the school's answer into this platform's history: whoever takes the question away does, and nobody else."""
    with transaction.atomic():
        if SettingsAsked.objects.filter(pk=asked.pk).delete()[0] and changes:
            record(KIND, by=asked.by, now=asked.at, school=asked.school_id, facts={"changes": changes})


def hear_unheard(*, now: datetime) -> None:
    """Ask the schools what came of changes whose process died before it could write down what they answered."""
    left = SettingsAsked.objects.filter(at__lt=now - IN_HAND).select_related("school__placement").order_by("at")
    for asked in left:
        try:
            changes: Changes = ask(asked.school.ref(), "people.settings_changed_by", change=asked.id, at=asked.at)
        except DatabaseError as error:
            log.error("school %s could not be asked what it changed\n%s", asked.school_id, without_text(error))
            continue
        if changes or asked.at < now - GIVEN_UP:
            hear(asked, changes)
