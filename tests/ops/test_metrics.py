"""/metrics: what waits, what was given up and what is away, over all schools, and nothing about one of them."""

from datetime import timedelta

import pytest
from django.db import connections
from django.db.utils import OperationalError
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from config import metrics as measured
from shared_apps.deliveries.models import LaneDepth, SchoolFigures
from shared_apps.deliveries.rules import STALE_AFTER
from shared_apps.post.models import Letter
from shared_apps.workflows.models import Run, Step
from tenant_apps.events.models import Reaction
from tenants import cells
from tenants.lanes import Lane
from tenants.models import DriftFinding, SchoolPlacement
from tenants.scope import school_scope
from tests.deliveries.acts import die, tell
from tests.messaging.scans import scan
from tests.operator.ground import figures, trouble
from tests.world import CANARY, MORNING


def asked():
    """Name and labels -> value, of every sample."""
    found = {}
    for family in text_string_to_metric_families(Client().get("/metrics").content.decode()):
        for sample in family.samples:
            found[sample.name.removeprefix("mysentinel_"), *sample.labels.values()] = sample.value
    return found


def names(found):
    return {name for name, *_ in found}


def test_before_any_school_told_lanes_and_dead_letters_are_absent_and_not_zero(greenfield):
    found = asked()
    assert not names(found) & {"reactions", "lane_depth", "lane_lag_seconds", "dead_letters", "drift_findings_open"}
    assert found["schools", "known"] == 0 and found["schools", "unknown"] >= 2


def test_each_lane_is_the_sum_of_what_the_schools_rows_say(greenfield, riverside):
    for cast in (greenfield, greenfield, riverside):
        scan(cast, cast.learners[0])
    waiting = []
    for cast in (greenfield, riverside):
        tell(cast, timezone.now())
        with school_scope(cast.ref):
            waiting += [row.lane for row in Reaction.objects.filter(state="waiting")]
    found = asked()
    assert waiting and {lane: found["lane_depth", lane] for lane in Lane} == {
        lane: waiting.count(lane) for lane in Lane
    }
    for lane in Lane:
        assert (("lane_lag_seconds", lane) in found) == (lane in waiting)
    assert found["reactions", "waiting"] == len(waiting)
    assert found["lane_lag_seconds", waiting[0]] == pytest.approx((timezone.now() - MORNING).total_seconds(), abs=60)


def test_a_lane_that_was_emptied_is_told_so(greenfield):
    scan(greenfield, greenfield.learners[0])
    tell(greenfield, timezone.now())
    with school_scope(greenfield.ref):
        Reaction.objects.update(state="done")
    tell(greenfield, timezone.now() + timedelta(seconds=1))
    assert not LaneDepth.objects.exists() and asked()["lane_depth", Lane.EVENTS] == 0


def test_what_was_told_too_long_ago_is_not_known(greenfield):
    scan(greenfield, greenfield.learners[0])
    die(greenfield, handler="messaging.tell_guardians", reason="KeyError", at=MORNING)
    tell(greenfield, timezone.now())
    assert asked()["dead_letters", "messaging.tell_guardians"] == asked()["reactions", "dead"] == 1
    SchoolFigures.objects.update(as_of=timezone.now() - STALE_AFTER - timedelta(minutes=1))
    assert not names(asked()) & {"reactions", "lane_depth", "dead_letters", "reaction_oldest_seconds"}


def test_provisioning_is_runs_by_state_and_steps_that_are_due(greenfield):
    now = timezone.now()
    run = Run.objects.create(workflow="onboarding", key="x", started_by="test", created_at=now - timedelta(hours=2))
    Run.objects.create(workflow="onboarding", key="y", started_by="test", created_at=now, state="failed", ended_at=now)
    for name, due in (("a", -600), ("b", 600)):
        Step.objects.create(
            run=run, position=ord(name), name=name, lane="provisioner", state="waiting", spent_at=3,
            wake_at=now + timedelta(seconds=due),
        )  # fmt: skip
    found = asked()
    assert found["runs", "running", "onboarding"] == found["runs", "failed", "onboarding"] == 1
    assert found["run_oldest_seconds", "onboarding"] == pytest.approx(7200, abs=60)
    assert found["steps_due", "provisioner"] == 1 and found["steps_due", "worker"] == 0
    assert found["step_oldest_due_seconds", "provisioner"] == pytest.approx(600, abs=60)


def test_letters_that_were_given_up_and_schools_that_drifted_are_counted(greenfield):
    now = timezone.now()
    for state in ("dead", "dead", "queued"):
        Letter.objects.create(
            template="x", language="en", to_sealed=b"x", facts_sealed=b"", state=state, due_at=now, expires_at=now,
            created_at=now,
        )  # fmt: skip
    SchoolPlacement.objects.filter(school=greenfield.ref.id).update(drift_checked_at=now)
    DriftFinding.objects.create(school_id=greenfield.ref.id, differences=[], number=1, found_at=now, seen_at=now)
    found = asked()
    assert found["letters", "dead"] == 2 and found["letters", "waiting"] == 1
    assert found["drift_findings_open",] == 1 and found["drift_never_looked_at",] >= 1


def test_a_cell_that_is_away_is_down_and_the_others_are_not(greenfield, monkeypatch):
    cells._said.clear()
    assert asked()["cell_up", "home"] == 1
    monkeypatch.setattr("tenants.cells.answers", lambda alias: False)
    cells._said.clear()  # a moment later
    assert asked()["cell_up", "home"] == 0


def test_a_source_that_cannot_be_asked_is_absent_and_takes_no_other_along(greenfield, monkeypatch):
    def away(*args):
        raise OperationalError("gone")

    monkeypatch.setattr("config.numbers.of_runs", away)
    found = asked()
    assert not names(found) & {"runs", "steps_due"} and ("letters", "dead") in found


def test_connections_are_counted_as_they_open_and_are_given_up(real_commits, settings):
    wrapper = connections["schools"]
    wrapper.close()
    assert asked()["connections_kept", "default"] >= 1
    before = asked().get(("connections_replaced_total", "schools", "schools"), 0)
    wrapper.ensure_connection()
    assert asked()["connections_kept", "schools"] == 1
    wrapper._met = {str(number) for number in range(settings.SCHOOLS_PER_CONNECTION)}
    wrapper.leave()
    found = asked()
    assert found["connections_replaced_total", "schools", "schools"] == before + 1
    wrapper.ensure_connection()
    wrapper.close_at = 0
    wrapper.close_if_unusable_or_obsolete()
    assert asked()["connections_replaced_total", "schools", "age"] >= 1


def test_what_a_process_that_is_gone_held_is_forgotten(tmp_path):
    for name in ("gauge_liveall_999999999.db", "gauge_liveall_1.db", "counter_999999999.db"):
        (tmp_path / name).touch()
    measured._forget_the_dead(tmp_path)
    assert {kept.name for kept in tmp_path.iterdir()} == {"gauge_liveall_1.db", "counter_999999999.db"}


def test_no_school_and_nobody_is_in_it(greenfield, riverside):
    figures(greenfield.ref, dead=2, waiting=1)
    trouble(greenfield.ref, 2)
    LaneDepth.objects.create(school_id=riverside.ref.id, lane=Lane.EVENTS, count=1, since=MORNING)
    text = Client().get("/metrics").content.decode()
    assert "dead_letters" in text
    for cast, word in ((greenfield, "greenfield"), (riverside, "riverside")):
        for said in (word, CANARY[word], str(cast.ref.id), cast.ref.schema):
            assert said.lower() not in text.lower()


def test_with_a_token_whoever_lacks_it_is_told_nothing(settings, world_db):
    assert Client().get("/metrics").status_code == 200, "without one, as ever"
    settings.METRICS_TOKEN = "q8Zt-4hVn2LxBs7Rf9KmWc3Yp6Dj1Gv5"
    for carried in (
        "",
        "Bearer",
        "Bearer wrong",
        f"Basic {settings.METRICS_TOKEN}",
        settings.METRICS_TOKEN,
        "Bearer é",
    ):
        answer = Client().get("/metrics", headers={"Authorization": carried} if carried else {})
        assert answer.status_code == 401 and answer["WWW-Authenticate"] == "Bearer", carried
        assert answer.json()["code"] == "token_invalid" and b"mysentinel_" not in answer.content
    told = Client().get("/metrics", headers={"Authorization": f"Bearer {settings.METRICS_TOKEN}"})
    assert told.status_code == 200 and b"mysentinel_request_seconds" in told.content


def test_asked_again_and_again_it_tries_each_cell_once_in_a_while(monkeypatch, world_db):
    tried = []
    monkeypatch.setattr(cells, "answers", lambda alias: bool(tried.append(alias)) or True)
    monkeypatch.setattr(cells, "_said", {})
    moment = [1000.0]
    monkeypatch.setattr(cells.time, "monotonic", lambda: moment[0])
    for _ in range(20):
        assert cells.answered_lately("schools")
    assert tried == ["schools"]
    moment[0] += cells.LATELY
    cells.answered_lately("schools")
    assert tried == ["schools", "schools"]
    monkeypatch.undo()
    monkeypatch.setattr(cells, "_said", {})
    monkeypatch.setattr(cells, "answers", lambda alias: bool(tried.append(alias)))
    tried.clear()
    assert [asked()["cell_up", "home"] for _ in range(3)] == [0.0] * 3 and tried.count("schools") == 1
