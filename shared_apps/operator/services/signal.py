"""One line of Other signals: a figure, since when, and where it is looked into and proven."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext

from shared_apps.deliveries.rules import Waiting
from shared_apps.operator.services.picture import Picture


@dataclass(frozen=True)
class Signal:
    """One line of Other signals. `value` is None where it cannot be known now.

    `path` is where it is looked into or mended, `proof` the audit view of what it counts; "" where there is none, or
    none for whoever asks. `at`: the moment that `value` is, of a signal that is one. `since`: since when the oldest of
    what is counted. `schools`: the list of those concerned, where `path` is another. `proves`: what the proof is of,
    where that is not the count itself.
    """

    key: str
    label: str
    value: str | None
    note: str = ""
    path: str = ""
    proof: str = ""
    at: datetime | None = None
    since: datetime | None = None
    schools: str = ""
    proves: str = ""

    @property
    def plain(self) -> str | None:
        """The value for machines."""
        return self.at.isoformat() if self.at else self.value


def told(picture: Picture, key: str, label: str, found: Waiting | None) -> Signal:
    """What schools told, and by how many of them where some are silent; without a value where all are."""
    schools = picture.schools
    if found is None:
        last = gettext("Last told: %(told)s") % {"told": time_words(schools.last_told)} if schools.last_told else ""
        return Signal(key, label, None, last)
    parts = [since_words(found.since)]
    if schools.told < schools.total:
        among = {"told": schools.told, "all": schools.total}
        parts.append(gettext("Schools that told lately: %(told)s of %(all)s") % among)
    return Signal(key, label, str(found.count), " · ".join(filter(None, parts)), since=found.since)


def time_words(moment: datetime) -> str:
    return date_format(localtime(moment), "DATETIME_FORMAT")


def since_words(moment: datetime | None) -> str:
    return gettext("Since: %(time)s") % {"time": time_words(moment)} if moment else ""
