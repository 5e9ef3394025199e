"""Histories of onboardings as they were once recorded: what stood in the rows after every turn.

`python -m pytest tests/workflows/test_histories.py` replays them. A history is never changed to please the code: runs
that began under it may still be under way. `RECORD=name` writes a new one.
"""

import json
from pathlib import Path

from shared_apps.identity.models import Membership
from shared_apps.schools.models import Onboarding
from shared_apps.workflows.models import Run, Step
from shared_apps.workflows.services.advance import advance
from shared_apps.workflows.services.registry import Lane
from tests.schools.acts import Clock

FOLDER = Path(__file__).parent / "histories"
KEPT = ("name", "lane", "position", "state", "attempts", "spent_at", "fence", "reason")


def read():
    return {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}


def write(name, history):
    (FOLDER / f"{name}.json").write_text(json.dumps(history, indent=1, ensure_ascii=False) + "\n")


def ids(onboarding):
    """What stands for the ids of this very run: a history knows none."""
    held = Membership.objects.filter(school=onboarding.school)
    return {"@school": str(onboarding.school), **{f"@{one.role}": str(one.login_id) for one in held}}


def swapped(value, names):
    """`value` with every name of `names` replaced, however deep."""
    if isinstance(value, dict):
        return {key: swapped(inner, names) for key, inner in value.items()}
    if isinstance(value, list):
        return [swapped(inner, names) for inner in value]
    return names.get(value, value) if isinstance(value, str) else value


def snapshot(onboarding):
    """The rows as they stand, without times and with names for ids."""
    names = {value: name for name, value in ids(onboarding).items()}
    steps = Step.objects.filter(run=onboarding.pk)
    return {
        "run": Run.objects.get(pk=onboarding.pk).state,
        "steps": [
            {**{name: getattr(step, name) for name in KEPT}, "result": swapped(step.result, names)} for step in steps
        ],
    }


def put(onboarding, recorded):
    """Make the rows those of `recorded`, as an older version of the product would have left them."""
    times = dict(Step.objects.filter(run=onboarding.pk).values_list("name", "wake_at"))
    Step.objects.filter(run=onboarding.pk).delete()
    now = min(times.values())
    for told in swapped(recorded["steps"], ids(onboarding)):
        Step.objects.create(run_id=onboarding.pk, wake_at=times.get(told["name"], now), leased_until=None, **told)
    Run.objects.filter(pk=onboarding.pk).update(state=recorded["run"])


def turn(onboarding, clock):
    """Turns of whichever lane has something to do, until one changed this onboarding; other runs go on beside it."""
    before = snapshot(onboarding)
    while any(advance(lane, clock=clock) for lane in Lane):
        if snapshot(onboarding) != before:
            return True
    return False


def to_the_end(onboarding, clock=None):
    """Turn by turn; the snapshots on the way, the first one from before the first turn."""
    clock = clock or Clock(step=Clock().step * 60)
    snapshots = [snapshot(onboarding)]
    while turn(onboarding, clock):
        snapshots.append(snapshot(onboarding))
    return snapshots


def of(begun):
    return Onboarding.objects.get(pk=begun)
