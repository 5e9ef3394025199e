"""Recorded first thirty days are replayed: at every point of one, the code of today takes over and ends as it ended.

`RECORD=name` writes a new one. A history is never changed to please the code: runs begun under it may be under way.
"""

import json
import os

import pytest

from shared_apps.schools.services import welcome
from shared_apps.workflows.models import Run, Step
from shared_apps.workflows.services.advance import advance
from shared_apps.workflows.services.registry import Lane, workflow_named
from tests.schools.after_go import BARE, WELL, Month
from tests.workflows.histories import FOLDER, KEPT

pytestmark = pytest.mark.usefixtures("world_db")
PATHS = sorted((FOLDER / "welcome").glob("*.json"))
RECORDED = {path.stem: json.loads(path.read_text()) for path in PATHS}
# What the school published, and how many hours passed before each look at the clock.
LIVED = {
    "nothing-done": (BARE, [24] * 32),
    "live": (WELL, [24] * 32),
    "fourteen-days-away": (BARE, [24, 14 * 24] + [24] * 18),
}


def snapshot(month):
    steps = Step.objects.filter(run=month.welcome.run_id)
    told = [{**{name: getattr(step, name) for name in KEPT}, "result": step.result} for step in steps]
    return {"run": Run.objects.get(pk=month.welcome.run_id).state, "steps": told}


def put(month, recorded):
    """Make the rows those of `recorded`, as an older version of the product would have left them."""
    for told in recorded["steps"]:
        Step.objects.filter(run=month.welcome.run_id, name=told["name"]).update(**told)
    Run.objects.filter(pk=month.welcome.run_id).update(state=recorded["run"])


def live(month, hours, *, history=(), point=None):
    """A snapshot from before the first turn and one after each; at `point` the rows are put as they were recorded."""
    seen = [snapshot(month)]
    if point == 0:
        put(month, history[0])
    for passed in hours:
        month.clock.on(hours=passed)
        month.publish()
        welcome.notice(now=month.clock())
        while advance(Lane.WORKER, clock=month.clock):
            seen.append(snapshot(month))
            if len(seen) - 1 == point:
                put(month, history[point])
    return seen


def test_every_history_is_there_and_ends_as_its_name_says():
    assert set(RECORDED) == set(LIVED)
    fates = {name: [step["result"].get("fate") for step in history[-1]["steps"]] for name, history in RECORDED.items()}
    assert fates == {
        "nothing-done": ["send", "send", "send", "send", None, "send"],
        "live": ["send", "reached", "reached", "reached", None, "reached"],
        "fourteen-days-away": ["send", "late", "late", "send", None, "send"],
    }
    assert {history[-1]["run"] for history in RECORDED.values()} == {"complete"}


def test_the_code_still_knows_every_step_in_its_lane():
    known = workflow_named("schools.welcome")
    for history in RECORDED.values():
        for told in history[0]["steps"]:
            assert known.plan(told["name"]).lane == told["lane"]


@pytest.mark.parametrize(
    ("name", "point"), [(name, point) for name in RECORDED for point in range(len(RECORDED[name]))]
)
def test_from_every_point_the_code_of_today_comes_to_its_end(greenfield, name, point):
    told, hours = LIVED[name]
    history = RECORDED[name]
    went = live(Month(greenfield, told), hours, history=history, point=point)
    assert went[point + 1 :] == history[point + 1 :]


if "RECORD" in os.environ:

    def test_record(greenfield):
        name = os.environ["RECORD"]
        told, hours = LIVED[name]
        text = json.dumps(live(Month(greenfield, told), hours), indent=1)
        (FOLDER / "welcome" / f"{name}.json").write_text(text + "\n")
