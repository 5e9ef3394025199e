"""Today's numbers: presence says who is here, a mark who is away; of the rest nothing is known (law.md A1, A10)."""

from datetime import UTC, date, datetime, timedelta

from tenant_apps.attendance.services import marks, proposals
from tenant_apps.gate.models import Presence
from tenant_apps.roster.services.today import Tally, tally, today
from tenants.actor import Actor, system
from tenants.scope import school_scope

FRIDAY = date(2026, 11, 20)
BY = system("test")


def at(hour, minute):
    return datetime(2026, 11, 20, hour - 2, minute, tzinfo=UTC)


def mark(learner, letter, when, reason=""):
    marks.confirm(
        by=BY, now=when, class_group=learner.class_group, date=FRIDAY, learner=learner, mark=letter, reason=reason
    )


def seen(cast, learner, when, *, on_site=True):
    Presence.objects.create(learner=learner, on_site=on_site, since=when, gate=cast.gates[0])


def admin(cast):
    return Actor(kind="person", scope="school", roles=frozenset({"school_admin"}), school=cast.ref)


def test_everybody_is_counted_once(greenfield):
    here, gone, absent, excused = greenfield.learners[:4]
    with school_scope(greenfield.ref):
        seen(greenfield, here, at(7, 12))
        seen(greenfield, gone, at(12, 0), on_site=False)
        mark(absent, "A", at(7, 55))
        mark(excused, "E", at(7, 55), "b")
        assert tally(FRIDAY) == Tally(on_site=1, enrolled=7, left=1, away=2, unseen=3)


def test_yesterdays_presence_says_nothing_today(greenfield):
    with school_scope(greenfield.ref):
        seen(greenfield, greenfield.learners[0], at(12, 0) - timedelta(days=1))
        assert tally(FRIDAY) == Tally(on_site=0, enrolled=7, left=0, away=0, unseen=7)


def test_marked_absent_and_arrived_later_is_on_site_for_an_evacuation(greenfield):
    """A10: whatever the mark says."""
    learner = greenfield.learners[0]
    with school_scope(greenfield.ref):
        mark(learner, "A", at(7, 55))
        seen(greenfield, learner, at(8, 20))
        assert (tally(FRIDAY).on_site, tally(FRIDAY).away) == (1, 0)


def test_seen_at_the_gate_and_not_in_class_needs_somebody_and_arriving_later_does_not(greenfield):
    """A1: a scan is not attendance. A10: an arrival after registration is no riddle."""
    lost, late = greenfield.learners[:2]
    with school_scope(greenfield.ref):
        for learner, when in ((lost, at(7, 12)), (late, at(8, 20))):
            mark(learner, "A", at(7, 55))
            proposals.propose(by=BY, now=when, learner=learner, arrived_at=when)
        found = today(admin(greenfield), now=at(9, 0)).not_in_class
        assert [(one.learner_id, one.arrived_at) for one in found] == [(lost.id, at(7, 12))]


def test_a_register_nobody_handed_in_is_named_after_the_bell_on_a_school_day(greenfield):
    with school_scope(greenfield.ref):
        asked = admin(greenfield)
        assert today(asked, now=at(7, 59)).open_registers == []
        assert [one.class_group.name for one in today(asked, now=at(8, 1)).open_registers] == ["4A", "4B"]
        saturday = today(asked, now=at(9, 0) + timedelta(days=1))
        assert (saturday.school_day, saturday.open_registers) == (False, [])
