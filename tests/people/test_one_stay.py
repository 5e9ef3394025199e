"""A learner has one stay: from `enrolled_on` to the day before `left_on`. Billing and registers count by it.

Nobody who has left can be made active again today. Whoever writes that verb has to keep the first stay first (see
docs/billing.md): otherwise a month that was counted, and perhaps closed, loses the learner when they come back.
"""

import ast
from datetime import UTC, date, datetime

from django.conf import settings

from tenant_apps.people.models import Learner, LearnerState
from tenant_apps.people.services import learners
from tenants.scope import school_scope
from tests.people.test_services import BY

STAY = {"enrolled_on", "left_on"}
NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
ON_LEARNERS = {"create", "bulk_create", "update", "bulk_update", "update_or_create", "get_or_create", "save"}


def writes_of_a_stay(source):
    """(function, what) for every place that sets a day of a stay, or makes somebody active."""
    found = set()
    for function in ast.walk(ast.parse(source)):
        if not isinstance(function, ast.FunctionDef):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and node.attr in STAY:
                found.add((function.name, node.attr))
            if isinstance(node, ast.Assign) and any("state" in ast.unparse(target) for target in node.targets):
                told = ast.unparse(node).casefold()
                if "learnerstate.active" in told or ("learner" in told and "'active'" in told):
                    found.add((function.name, "active"))
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                told = {word.arg for word in node.keywords} & (STAY | {"state"})
                if name == "Learner" or (name in ON_LEARNERS and "Learner" in ast.unparse(node)):
                    found |= {(function.name, word) for word in told}
                words = {one.value for one in ast.walk(node) if isinstance(one, ast.Constant)}
                if name in ("save", "bulk_update") and words & STAY:
                    found.add((function.name, "saved"))
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and "UPDATE people_learner" in node.value:
                found.add((function.name, "SQL"))
    return found


def test_days_of_a_stay_are_written_by_enrolling_and_by_leaving_alone():
    found = {}
    for folder in ("tenant_apps", "shared_apps", "config"):
        for path in (settings.BASE_DIR / folder).rglob("*.py"):
            if "migrations" not in path.parts and (written := writes_of_a_stay(path.read_text())):
                found[str(path.relative_to(settings.BASE_DIR))] = written
    assert found == {
        "tenant_apps/people/services/learners.py": {
            ("enrol", "enrolled_on"), ("deactivate", "left_on"), ("deactivate", "saved"),
        }
    }  # fmt: skip


def test_the_search_finds_what_a_verb_for_coming_back_would_do():
    verb = "def readmit(learner, on):\n    learner.state, learner.enrolled_on, learner.left_on = 'active', on, None\n"
    assert writes_of_a_stay(verb) == {
        ("readmit", "enrolled_on"), ("readmit", "left_on"), ("readmit", "active"),
    }  # fmt: skip
    assert writes_of_a_stay("def x(one):\n    one.state = LearnerState.ACTIVE\n") == {("x", "active")}
    assert writes_of_a_stay("def x(key):\n    Learner.objects.filter(pk=key).update(state='active')\n") == {
        ("x", "state")
    }


def test_who_has_left_stays_as_they_are_whatever_the_services_are_asked(greenfield):
    with school_scope(greenfield.ref):
        learner = Learner.objects.get(pk=greenfield.learners[0].pk)
        learners.deactivate(by=BY, now=NOW, learner=learner, on=date(2026, 11, 10))
        learners.deactivate(by=BY, now=NOW, learner=learner, on=date(2026, 11, 18))
        learners.move(by=BY, now=NOW, learner=learner, class_group=None)
        learners.restrict(by=BY, now=NOW, learner=learner, restricted=True)
        learner.refresh_from_db()
    assert (learner.state, learner.left_on) == (LearnerState.INACTIVE, date(2026, 11, 10))
