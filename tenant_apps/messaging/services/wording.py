"""What guardians read, as whole sentences. Names stand after a colon in isiZulu, whose concords they would upset."""

from datetime import datetime

from django.utils import translation
from django.utils.formats import date_format, time_format
from django.utils.translation import gettext, gettext_noop

from tenant_apps.messaging.rules import Kind

SUBJECT_LIMIT = 200
SENTENCES = {
    Kind.ARRIVED: (
        gettext_noop("Arrived at school: %(learner)s"),
        gettext_noop("%(learner)s arrived at %(school)s at %(time)s on %(date)s."),
    ),
    Kind.ARRIVED_LATE: (
        gettext_noop("Arrived late at school: %(learner)s"),
        gettext_noop("%(learner)s arrived late at %(school)s, at %(time)s on %(date)s."),
    ),
    Kind.LEFT: (
        gettext_noop("Left school: %(learner)s"),
        gettext_noop("%(learner)s left %(school)s at %(time)s on %(date)s."),
    ),
    Kind.COLLECTED_LATE: (
        gettext_noop("Collected late from school: %(learner)s"),
        gettext_noop("%(learner)s was collected late from %(school)s, at %(time)s on %(date)s."),
    ),
}


def worded(kind: Kind, *, language: str, learner: str, school: str, local: datetime) -> tuple[str, str]:
    """Subject and text in `language`; `local` is the moment in the school's zone."""
    subject, sentence = SENTENCES[kind]
    with translation.override(language):
        values = {
            "learner": on_one_line(learner),
            "school": on_one_line(school),
            "time": time_format(local.time(), "H:i"),
            "date": date_format(local.date(), "Y-m-d"),
        }
        why = gettext(
            "The school's gate sent this message by itself. You receive it because the school has you on record as"
            " somebody to tell."
        )
        return (gettext(subject) % values)[:SUBJECT_LIMIT], f"{gettext(sentence) % values}\n\n{why}\n"


def on_one_line(text: str) -> str:
    """A name as a mail header can carry it."""
    return " ".join(text.split())
