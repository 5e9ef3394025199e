"""Suspended on one machine, felt on another: two real servers that share a database alone, and a real worker."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from shared_apps.billing.models import LearnerCount
from tenant_apps.events.models import Reaction, ReactionState
from tenant_apps.gate.models import Scan
from tenant_apps.messaging.models import MailboxEntry
from tenants.jobs import later
from tenants.models import School
from tenants.scope import school_scope
from tests import world
from tests.messaging.scans import scan
from tests.processes import eventually, server

pytestmark = pytest.mark.processes
# Seconds: no promise (`python -m bench suspend` measures that), but less than the half a minute after which a server
# looks at a caller again by itself.
SOON = 20
NAME = "Greenfield Primary"


@pytest.fixture
def here(real_commits, tmp_path):
    """The server that the operator uses."""
    with server(real_commits, tmp_path / "here.log", machine=tmp_path / "here") as process:
        yield process


@pytest.fixture
def there(real_commits, tmp_path):
    """The server that the school's people use."""
    with server(real_commits, tmp_path / "there.log", machine=tmp_path / "there") as process:
        yield process


def signed_in(site, email):
    status, pair = site.call("/api/auth/login", {"email": email, "password": world.PASSWORD})
    assert status == 200, pair
    return pair


@pytest.fixture
def standing(here, cast):
    """`standing("suspend")`, `standing("reactivate")`: what the operator does, on their own machine."""
    operator = signed_in(here, "operator@example.com")["access_token"]

    def change(deed):
        body = {"confirm_name": NAME, "reason": "Asked for"} if deed == "suspend" else {"reason": ""}
        status, answer = here.call(f"/api/operator/schools/{cast.ref.id}/{deed}", body, token=operator)
        assert status == 200, answer

    return change


def tap(cast, learner=0):
    return {
        "scan_id": str(uuid4()), "badge": cast.badges[cast.learners[learner].id], "gate": str(cast.gates[0].id),
        "direction": "in", "scanned_at": timezone.now().isoformat(),
    }  # fmt: skip


def stored(cast):
    with school_scope(cast.ref):
        return Scan.objects.count()


def test_a_warm_caller_is_refused_on_another_machine_and_served_again(there, standing, cast):
    officer = signed_in(there, cast.email("officer"))
    token = officer["access_token"]

    def refused(path, body=None, carried=token):
        status, answer = there.call(path, body, token=carried)
        return status == 423 and answer["code"] == "school_suspended"

    for _ in range(12):  # both workers know who this is
        assert there.call("/api/learners", token=token)[0] == 200
    assert there.call("/api/gate/scans", tap(cast), token=token)[0] == 201
    standing("suspend")
    eventually(lambda: all(refused("/api/learners") for _ in range(12)), "the token's end", seconds=SOON)
    count, late = stored(cast), tap(cast, 1)
    for _ in range(12):
        assert refused("/api/learners") and refused("/api/gate/scans", late)
        assert refused("/api/gate/scans/batch", {"scans": [late]})
    assert refused("/api/auth/refresh", {"refresh_token": officer["refresh_token"]}, carried="")
    assert refused("/api/auth/login", {"email": cast.email("officer"), "password": world.PASSWORD}, carried="")
    assert stored(cast) == count
    riverside = signed_in(there, "officer@riverside.example")["access_token"]
    assert there.call("/api/learners", token=riverside)[0] == 200

    standing("reactivate")
    eventually(lambda: there.call("/api/learners", token=token)[0] == 200, "the token again", seconds=SOON)
    again = [there.call("/api/gate/scans", late, token=token)[0] for _ in range(2)]
    assert again == [201, 200] and stored(cast) == count + 1  # kept by the phone, sent twice, there once
    assert there.call("/api/auth/refresh", {"refresh_token": officer["refresh_token"]})[0] == 200


def left(cast):
    """What still has to be done in this school, and how often it was tried."""
    with school_scope(cast.ref):
        open_states = (ReactionState.WAITING, ReactionState.RUNNING)
        return list(Reaction.objects.filter(state__in=open_states).values_list("handler", "attempts"))


def mails(cast):
    with school_scope(cast.ref):
        return MailboxEntry.objects.count()


def test_a_worker_holds_what_is_due_in_a_suspended_school_and_does_it_afterwards(standing, cast, worker):
    riverside = world.read("riverside")
    School.objects.update(created_at=timezone.now() - timedelta(days=90))
    scan(cast, cast.learners[0], at=timezone.now())
    eventually(lambda: not left(cast) and mails(cast) == 1, "the worker at work", log=worker.log)
    standing("suspend")
    eventually(lambda: School.objects.get(pk=cast.ref.id).state == "disabled", "the state", seconds=SOON)
    for number in range(3):  # a held school's work is first in the line each time, and its neighbour's is done
        scan(cast, cast.learners[number], at=timezone.now())
        for name in ("events.drain", "messaging.tell_billing"):
            later(name, school=cast.ref.id)
        scan(riverside, riverside.learners[number], at=timezone.now())
        for name in ("events.drain", "messaging.tell_billing"):
            later(name, school=riverside.ref.id)
        done = lambda: not left(riverside) and mails(riverside) == number + 1  # noqa: E731, B023
        eventually(done, "the neighbour's work", log=worker.log)
    eventually(LearnerCount.objects.filter(school=riverside.ref.id).exists, "the neighbour's count", log=worker.log)
    assert {attempts for _, attempts in left(cast)} == {0} and len(left(cast)) >= 3
    assert mails(cast) == 1 and not LearnerCount.objects.filter(school=cast.ref.id).exists()
    standing("reactivate")
    eventually(lambda: not left(cast), "the held work", log=worker.log, seconds=120)
    assert mails(cast) == 4
