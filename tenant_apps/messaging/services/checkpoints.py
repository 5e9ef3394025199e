"""The weekly mail that puts a signed checkpoint into the hands of the school's own admins.

Whoever keeps one can show later that nothing before it was changed, also against whoever runs the servers.
"""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext

from shared_apps.identity.for_schools import people_with
from tenant_apps.messaging.channels import ChannelError, Mail, email
from tenant_apps.messaging.services.wording import SUBJECT_LIMIT, on_one_line
from tenant_apps.people.models import SchoolProfile, Staff
from tenants.current import SchoolRef
from tenants.scope import school_scope


def mail_checkpoint(*, event: UUID, checkpoint: dict[str, Any], at: datetime, school: SchoolRef, now: datetime) -> None:
    """Mail it to every admin with an address, outside any scope. At least once, under the same Message-ID.

    Raises ChannelError when one of them could not be reached, after trying all.
    """
    admins = people_with("school_admin", school=school.id)
    with school_scope(school):
        language = SchoolProfile.objects.get().default_language
        found = {member.id: member.email for member in Staff.objects.filter(id__in=admins, active=True)}
    subject, text = worded(checkpoint, language=language, school=school, at=at)
    failed: ChannelError | None = None
    for person, address in found.items():
        if address:
            try:
                reference = f"<checkpoint.{event}.{person}@{email.domain()}>"
                email.send(Mail(address, subject, text, language, reference), school=school, now=now)
            except ChannelError as error:
                failed = error
    if failed:
        raise failed


def worded(checkpoint: dict[str, Any], *, language: str, school: SchoolRef, at: datetime) -> tuple[str, str]:
    """Subject and text in `language`, the checkpoint at the end as JSON."""
    with translation.override(language):
        values = {
            "school": on_one_line(school.name),
            "date": date_format(at.astimezone(school.zone).date(), "Y-m-d"),
            "count": checkpoint["size"],
        }
        subject = gettext("Checkpoint of the school's records: %(school)s") % values
        keep = gettext("Please keep this message. On %(date)s the number of records at %(school)s was %(count)s.")
        parts = [
            keep % values,
            gettext(
                "The signed lines below are proof of what those records said. With them, anybody can find out later"
                " whether a record was changed, removed or added since."
            ),
            json.dumps(checkpoint, indent=1, sort_keys=True),
        ]
        return subject[:SUBJECT_LIMIT], "\n\n".join(parts) + "\n"
