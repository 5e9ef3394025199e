"""How schools, providers and deliveries are, of the schools within somebody's reach."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from shared_apps.audit.services.canaries import canaries
from shared_apps.audit.services.sealing import lag
from shared_apps.deliveries.models import SchoolFigures
from shared_apps.deliveries.rules import STALE_AFTER, Life, fresh, rate
from shared_apps.deliveries.services.schools import with_life
from shared_apps.groups.services import EVERYWHERE
from shared_apps.operator.rules import Place
from shared_apps.operator.services import proofs
from shared_apps.operator.services.picture import DAY, HOUR, Picture, failed_sign_ins, refused_sign_ins
from shared_apps.operator.services.proofs import proof
from shared_apps.operator.services.signal import Signal, since_words, time_words, told
from shared_apps.schools.services.onboarding_help import open_setup_tasks
from tenants.actor import Actor
from tenants.ask import Unavailable
from tenants.findings import drifted, standing
from tenants.models import School
from tenants.permissions import Permission, may

ORDER = ("place", "name", "pk")
HEALTH, SCHOOLS, ONBOARDINGS, LETTERS = (
    "/operator/health", "/operator/schools", "/operator/onboardings", "/operator/dead-letters"
)  # fmt: skip
CONCERNED = ("stuck", "waiting", "dead")  # states of work: the schools where there is any now
DRIFT = "drift"


@dataclass(frozen=True)
class Row:
    """One school. `figures` is what it told last; `known` says whether that still holds."""

    school: School
    life: Life
    place: int
    figures: SchoolFigures | None
    known: bool

    @property
    def week(self) -> float | None:
        """The share of seven days' deliveries that went out; None when there were none."""
        return rate(self.figures.sent_week, self.figures.failed_week) if self.figures else None

    @property
    def work(self) -> list[str]:
        """What there is of work in it, in words; what is dead or stuck first."""
        told = self.figures
        if told is None:
            return []
        counted = (
            (told.dead, gettext("Dead letters: %(count)s")), (told.stuck, gettext("Stuck work: %(count)s")),
            (told.waiting, gettext("Work that waits: %(count)s")),
        )  # fmt: skip
        return [words % {"count": count} for count, words in counted if count]

    @property
    def cursor(self) -> str:
        return Place(self.place, self.school.name, self.school.pk).cursor()


def sought(actor: Actor, state: str, *, now: datetime) -> QuerySet[School, School]:
    """The schools within reach in one state, those to look at first in front.

    A state is `all`, a life, one of CONCERNED, or `drift`, of which only who reaches every school is told.
    """
    found = with_life(actor, now=now).order_by(*ORDER)
    if state in CONCERNED:  # as they are counted
        return found.filter(**{f"figures__{state}__gt": 0}, figures__as_of__gte=now - STALE_AFTER)
    if state == DRIFT:
        return found.filter(pk__in=drifted()) if actor.roles & EVERYWHERE else found.none()
    return found if state == "all" else found.filter(life=state)


def after(found: QuerySet[School, School], place: Place) -> QuerySet[School, School]:
    """What comes behind `place` in the order of looking."""
    same = Q(place=place.place)
    later = Q(place__gt=place.place) | same & Q(name__gt=place.name) | same & Q(name=place.name, pk__gt=place.id)
    return found.filter(later)


def rows(found: QuerySet[School, School], *, now: datetime) -> list[Row]:
    return [_row(school, now) for school in found]


def _row(school: School, now: datetime) -> Row:
    told: SchoolFigures | None = getattr(school, "figures", None)
    known = told is not None and fresh(told.as_of, now)
    return Row(school, Life(school.life), school.place, told, known)


# -- other signals -----------------------------------------------------------------------------------------------------


def total_schools(picture: Picture) -> list[Signal]:
    path, proven = _open(picture, Permission.SCHOOLS_READ, SCHOOLS), proof(picture.actor, proofs.SCHOOLS)
    return [Signal("schools", gettext("Schools"), str(picture.schools.total), "", path, proven)]


def setup_tasks(picture: Picture) -> list[Signal]:
    if not may(picture.actor, Permission.SCHOOLS_ONBOARD):
        return []
    tasks, label = open_setup_tasks(picture.actor, now=picture.now), gettext("Open setup tasks")
    since, proven = tasks[0].since if tasks else None, proof(picture.actor, proofs.SETUP)
    return [Signal("setup_tasks", label, str(len(tasks)), since_words(since), ONBOARDINGS, proven, since=since)]


def dead_letters(picture: Picture) -> list[Signal]:
    if not may(picture.actor, Permission.DEAD_LETTERS):
        return []
    found = told(picture, "dead", gettext("Dead letters"), picture.all_dead)
    proven, proves = proof(picture.actor, proofs.DEAD_LETTERS), gettext("Replayed or discarded")
    return [replace(found, path=LETTERS, schools=listed("dead"), proof=proven, proves=proves)]


def listed(state: str) -> str:
    """Where the schools in a state are listed: of what they told themselves, that is the proof."""
    return f"{HEALTH}?state={state}"


def _open(picture: Picture, permission: Permission, path: str) -> str:
    return path if may(picture.actor, permission) else ""


def sign_ins(picture: Picture) -> list[Signal]:
    """Failures have no school, so only who reaches every school is told of them.

    What the throttle refused was not looked at and is no failure: it stands apart, or an attack would look like calm.
    """
    return [*_failed(picture), *_refused(picture)]


def _failed(picture: Picture) -> list[Signal]:
    spans = (
        ("failed_sign_ins", gettext("Failed sign-ins, last hour"), HOUR),
        ("failed_sign_ins_day", gettext("Failed sign-ins, last 24 hours"), DAY),
    )
    found = []
    for key, label, span in spans:
        count = failed_sign_ins(picture.actor, now=picture.now, span=span)
        if count is not None:
            proven = proofs.sign_ins(picture.actor, picture.now - span, picture.now)
            found.append(Signal(key, label, str(count), proof=proven))
    return found


def _refused(picture: Picture) -> list[Signal]:
    spans = (
        ("refused_sign_ins", gettext("Sign-ins refused after too many failures, last hour"), HOUR),
        ("refused_sign_ins_day", gettext("Sign-ins refused after too many failures, last 24 hours"), DAY),
    )
    found = []
    for key, label, span in spans:
        told = refused_sign_ins(picture.actor, now=picture.now, span=span)
        if told is not None:
            note = gettext("Not counted among the failed ones. Minutes with such tries, each in the history: %(count)s")
            proven = proofs.refusals(picture.actor, picture.now - span, picture.now)
            found.append(Signal(key, label, str(told.tries), note % {"count": told.minutes}, proof=proven))
    return found


def waiting_work(picture: Picture) -> list[Signal]:
    """What follows events and is not done yet, as the schools told it."""
    return [
        replace(told(picture, key, label, found), path=listed(key))
        for key, label, found in (
            ("waiting", gettext("Work that waits"), picture.schools.waiting),
            ("stuck", gettext("Work that is stuck"), picture.schools.stuck),
        )
    ]


def background_work(picture: Picture) -> list[Signal]:
    """The processes beside the web say themselves that they run."""
    found = [("work", gettext("Background work last ran"), picture.beat)]
    if may(picture.actor, Permission.SCHOOLS_ONBOARD):
        found.append(("provisioner", gettext("What builds new schools last ran"), picture.provisioner_beat))
    said = gettext("It says so itself; no history is kept of that.")
    return [Signal(key, label, time_words(at) if at else None, said, at=at) for key, label, at in found]


def sealing(picture: Picture) -> list[Signal]:
    """The platform's own history, for those who see all of the platform."""
    if not picture.actor.roles & EVERYWHERE:
        return []
    at = picture.now - lag(picture.now)
    label = gettext("Platform history sealed up to")
    return [Signal("sealing", label, time_words(at), proof=proof(picture.actor), at=at)]


def leaks(picture: Picture) -> list[Signal]:
    """How many answers of one school held something of another's, and how old that knowledge is."""
    if not picture.actor.roles & EVERYWHERE:
        return []
    label, told = gettext("Answers that held another school’s data"), canaries(picture.now)
    proven = proof(picture.actor, proofs.LEAKS)
    if isinstance(told, Unavailable):
        return [Signal("leaks", label, None, proof=proven)]
    note = gettext("Asked last: %(time)s. Schools not asked yet: %(count)s") % {
        "time": time_words(told.newest), "count": told.waiting,
    }  # fmt: skip
    if told.failed:
        note += " " + gettext("Answers not asked for or not read: %(count)s") % {"count": told.failed}
    return [Signal("leaks", label, str(told.found), note, proof=proven)]


def drift(picture: Picture) -> list[Signal]:
    """How many schools' tables are not what the migrations make of them, and how many were never looked at."""
    if not picture.actor.roles & EVERYWHERE:
        return []
    known, label = standing(), gettext("Schools whose database differs from its plan")
    if known.schools == known.never_looked_at and known.schools and not known.differing:
        return [Signal("drift", label, None)]
    note = gettext("Schools not looked at yet: %(count)s") % {"count": known.never_looked_at}
    return [Signal("drift", label, str(known.differing), note if known.never_looked_at else "", listed(DRIFT))]


# In the order in which they are shown. A new signal is one more function here.
SIGNALS: list[Callable[[Picture], list[Signal]]] = [
    total_schools, setup_tasks, dead_letters, sign_ins, waiting_work, background_work, sealing, leaks, drift,
]  # fmt: skip


def signals_of(picture: Picture) -> list[Signal]:
    return [signal for source in SIGNALS for signal in source(picture)]
