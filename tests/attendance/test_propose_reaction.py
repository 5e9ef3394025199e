"""The reaction on a scan, run through the real claim and drain."""

from datetime import UTC, datetime

import pytest

from tenant_apps.attendance.models import Mark
from tenant_apps.events.models import Reaction
from tenant_apps.events.services.drain import drain
from tenant_apps.events.services.record import record
from tenants.actor import system
from tenants.ids import new_id
from tenants.scope import school_scope

ARRIVED = datetime(2026, 11, 20, 5, 12, tzinfo=UTC)  # 07:12 at school
LATER = datetime(2026, 11, 20, 5, 13, tzinfo=UTC)


def scanned(cast, learner, at=ARRIVED, **changed):
    facts = {"direction": "in", "verdict": "admitted", "code": "ok", **changed}
    with school_scope(cast.ref):
        record(
            "gate.scan_recorded", by=system("gate"), at=at, now=LATER, facts=facts,
            about={"learner": str(learner) if learner else None},
        )  # fmt: skip


def work(cast):
    while drain(cast.ref, clock=lambda: LATER):
        pass
    with school_scope(cast.ref):
        states = set(Reaction.objects.filter(handler="attendance.propose").values_list("state", flat=True))
        return states, list(Mark.objects.all())


def test_an_admitted_arrival_proposes_a_mark_once(greenfield):
    for _ in range(2):
        scanned(greenfield, greenfield.learners[0].id)
    states, found = work(greenfield)
    assert states == {"done"}
    assert [(mark.learner_id, mark.proposed, mark.arrived_at) for mark in found] == [
        (greenfield.learners[0].id, "P", ARRIVED)
    ]


def test_a_late_arrival_proposes_late(greenfield):
    scanned(greenfield, greenfield.learners[0].id, at=ARRIVED.replace(hour=6, minute=20), code="late_arrival")
    assert work(greenfield)[1][0].proposed == "L"


@pytest.mark.parametrize(
    "changed",
    [{"direction": "out"}, {"verdict": "refused", "code": "lockdown"}, {"verdict": "refused", "code": "revoked_badge"}],
)
def test_a_departure_or_a_refused_scan_proposes_nothing(greenfield, changed):
    scanned(greenfield, greenfield.learners[0].id, **changed)
    assert work(greenfield) == ({"done"}, [])


def test_somebody_unknown_or_erased_proposes_nothing_and_kills_no_reaction(greenfield):
    scanned(greenfield, None)
    scanned(greenfield, new_id())
    assert work(greenfield) == ({"done"}, [])


def test_one_schools_scan_leaves_the_others_register_alone(greenfield, riverside):
    scanned(greenfield, greenfield.learners[0].id)
    work(greenfield)
    assert work(riverside) == (set(), [])
