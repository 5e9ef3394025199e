"""How soon a suspension is felt: seconds from its answer on one machine until the last request got through on another.

Two servers as they are shipped (two workers each, a memory of callers that lives by the epoch) on one durable cluster.
The far one has a state folder of its own, as another machine has, so the database alone tells it. Its callers are warm:
both workers knew them a moment before. Twenty and more suspensions, each at another moment of the epoch's second; the
promise of two seconds is the baseline, and the last figure is of callers at the very server that was told.
"""

import json
import os
import random
import secrets
import socket
import subprocess
import sys
import threading
import time as clock
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import time, timedelta
from statistics import median

from django.utils import timezone

from bench.figures import Figure
from bench.ground import ROOT, SETTINGS, STATE
from shared_apps.identity.models import Login, Session
from shared_apps.identity.services.accounts import give_role
from shared_apps.identity.services.sign_in import SignedIn, email_hash
from tenant_apps.people.for_platform import seed
from tenants import provisioning, token
from tenants.ids import new_id
from tenants.models import School

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "24"))
PROMISE = 2.0  # seconds
WARM = 12  # requests before each suspension, so that both workers know the caller
OVER = 12  # refusals in a row after which nobody is let in any more
NAME = "Bench"
TOLD = f"{ROUNDS} suspensions, 2 servers x 2 workers, IDENTITY_SECONDS=1, against the promise of 2 s; {SETTINGS}"


def measure() -> Iterator[Figure]:
    school = provisioning.provision(
        name=NAME, slug=f"suspend-{secrets.token_hex(6)}", timezone="Africa/Johannesburg",
        seed=seed(bell=time(8), close_time=time(17)),
    )  # fmt: skip
    officer, operator = _token("gate_officer", school), _token("operator", None)
    with _server("here") as here, _server("there") as there:
        far, near = [], []
        for _ in range(ROUNDS):
            far.append(_felt(school, here, there, officer, operator))
            near.append(_felt(school, here, here, officer, operator))
    yield Figure("suspend_p50", "s", median(far), PROMISE, median(far) / PROMISE, ROUNDS, TOLD)
    yield Figure("suspend_worst", "s", max(far), PROMISE, max(far) / PROMISE, ROUNDS, TOLD)
    yield Figure("suspend_same_machine", "s", max(near), PROMISE, max(near) / PROMISE, ROUNDS, f"the worst; {TOLD}")


def _felt(school: School, told: str, asked: str, officer: str, operator: str) -> float:
    """Suspend by way of `told`; seconds from its answer to the end of the last call that `asked` let through.

    Somebody calls all the time, so that the far memory is as fresh as it can be when the school is suspended.
    """
    _until(lambda: all(_call(asked, "/api/learners", officer) == 200 for _ in range(WARM)))
    answers: list[tuple[float, int]] = []
    caller = threading.Thread(target=_call_until_over, args=(asked, officer, answers))
    caller.start()
    clock.sleep(random.uniform(0.2, 1.2))
    body = {"confirm_name": NAME, "reason": "bench"}
    assert _call(told, f"/api/operator/schools/{school.id}/suspend", operator, body) == 200
    began = clock.perf_counter()
    caller.join()
    assert _call(told, f"/api/operator/schools/{school.id}/reactivate", operator, {"reason": ""}) == 200
    assert {status for _, status in answers} == {200, 423}, answers
    return max(0.0, max(at for at, status in answers if status == 200) - began)


def _call_until_over(site: str, officer: str, answers: list[tuple[float, int]]) -> None:
    """One call after another until OVER in a row were refused."""
    while [status for _, status in answers[-OVER:]] != [423] * OVER:
        status = _call(site, "/api/learners", officer)
        answers.append((clock.perf_counter(), status))


def _until(true: Callable[[], bool]) -> None:
    until = clock.monotonic() + 30
    while not true():
        assert clock.monotonic() < until
        clock.sleep(0.05)


def _call(site: str, path: str, carried: str, body: object = None) -> int:
    headers = {"Authorization": f"Bearer {carried}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(site + path, data, headers), timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code


def _token(role: str, school: School | None) -> str:
    now, email = timezone.now(), f"{role}-{secrets.token_hex(3)}@bench.example"
    give_role(
        email=email, role=role, by="bench", now=now, name=NAME, password="bench password", temporary=False,
        school=school and school.id, person=new_id() if school else None,
    )  # fmt: skip
    login = Login.objects.get(email_hash=email_hash(email))
    session = Session.objects.create(
        login=login, scope="school" if school else "platform", device="bench", created_at=now, last_seen_at=now,
        expires_at=now + timedelta(hours=1), school=school,
    )  # fmt: skip
    return SignedIn(session, (role,), school, "").token(token.ACCESS, now)


@contextmanager
def _server(name: str) -> Iterator[str]:
    """The web as shipped on a machine of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["--interface", "wsgi", "--no-ws", "--log-level", "warning", "--host", "127.0.0.1", "--port", str(port)]
    words += ["--workers", "2", "--blocking-threads", "4", "config.wsgi:application"]
    told = {"PROCESS": "web", "MYSENTINEL_STATE": str(STATE / f"machine-{name}")}
    with (STATE / f"suspend-{name}.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "granian", *words], cwd=ROOT, stdout=log, stderr=log, env={**os.environ, **told}
        )
    try:
        _until(lambda: _answers(port))
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def _answers(port: int) -> bool:
    try:
        return _call(f"http://127.0.0.1:{port}", "/api/openapi.json", "") == 200
    except OSError:
        return False


BENCHMARKS = {"suspend": measure}
