"""Every line of the log: ids of request, school and actor, and nothing about a person."""

import json
import logging
import re
import subprocess
import sys
import urllib.error
import urllib.request
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.utils import timezone

from config.logs import JsonLine, Where, masked
from shared_apps.post import services as post
from tenant_apps.gate.models import Badge
from tenants import jobs
from tenants.scope import school_scope
from tests import database, plugin, processes
from tests.access import people as access
from tests.journeys.conftest import LiveSite, free_port
from tests.messaging.scans import drained, scan
from tests.messaging.smtp import mail_server
from tests.schools import acts
from tests.world import CANARY, MORNING, PASSWORD

NAME, MAIL, PHONE = "Nomvula Mthembu-Botha", "nomvula@private.example", "+27825550199"
TOKEN, HUSHED = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ4In0.c2lnbmVk", "hushed-correct-horse"
TEXT = f"Key (name, email)=({NAME}, {MAIL}) of {PHONE} exists; token {TOKEN} password {HUSHED}"
NEVER = (NAME, "Nomvula", MAIL, PHONE, TOKEN, HUSHED, PASSWORD, *CANARY.values())


class Unforeseen(Exception):
    """Like a database's own: its text holds what somebody typed."""


def fails(*args, **kwargs):
    try:
        raise KeyError(TEXT)
    except KeyError as error:
        raise Unforeseen(TEXT) from error


@pytest.fixture
def lines():
    """What the product's own handler writes, line by line."""
    written = []

    class Kept(logging.Handler):
        def emit(self, record):
            written.append(self.format(record))

    kept = Kept(logging.DEBUG)
    kept.addFilter(Where())
    kept.setFormatter(JsonLine())
    root = logging.getLogger()
    before = root.level
    root.addHandler(kept)
    root.setLevel(logging.INFO)
    yield written
    root.removeHandler(kept)
    root.setLevel(before)


def read(lines, *, without=NEVER):
    """The lines as objects, after none of them held what it may not."""
    found = [json.loads(line) for line in lines]
    for line in lines:
        # Lines of source in a trace are ours and tests' own; what a trace may not show is a value.
        assert not [word for word in without if word.lower() in line.lower()], line
        assert not re.search(r"[\w.]+@[\w-]+\.\w+", line), line
    return found


def badge_of(cast, learner):
    with school_scope(cast.ref):
        return Badge.objects.filter(learner=learner).values_list("code", flat=True).first() or "nobody"


@pytest.fixture
def quiet_client(signed_in):
    def client(email):
        made = signed_in(email)
        made.raise_request_exception = False
        return made

    return client


def test_a_line_names_request_school_and_actor(greenfield, quiet_client, lines):
    answer = quiet_client("officer@greenfield.example").get(f"/api/learners/{greenfield.learners[0].id}x")
    (line,) = [line for line in read(lines) if line["logger"] == "django.request"]
    assert line["request"] == answer["X-Request-Id"] and line["school"] == str(greenfield.ref.id)
    assert UUID(line["actor"]) and line["status"] == 404 and line["route"].startswith("api/learners/")


def test_nothing_is_left_for_the_next_request(greenfield, quiet_client, lines):
    quiet_client("officer@greenfield.example").get("/api/nowhere")
    Client().get("/api/nowhere")
    logging.getLogger("mysentinel.test").info("between two requests")
    first, second, third = read(lines)
    assert "school" in first and "actor" in first and not {"school", "actor"} & set(second)
    assert not {"school", "actor", "request"} & set(third)


@pytest.mark.parametrize("page", [False, True])
def test_what_an_unforeseen_failure_says_is_not_written(greenfield, quiet_client, lines, monkeypatch, page):
    client = quiet_client("officer@greenfield.example")
    place = "config.middleware.introduce" if page else "tenant_apps.roster.services.learners.find"
    monkeypatch.setattr(place, fails)
    answer = client.get("/s/greenfield/learners" if page else "/api/learners")
    assert answer.status_code == 500 and NAME not in answer.content.decode()
    failures = [line for line in read(lines) if "trace" in line]
    assert failures and "Unforeseen" in failures[0]["trace"] and "KeyError" in failures[0]["trace"]
    assert failures[0]["request"] == answer["X-Request-Id"]


def test_what_others_put_into_their_lines_is_left_out(lines):
    for name in ("django.request", "django.security.csrf", "django-q", "somebody.else"):
        logging.getLogger(name).error("It failed: %s (%d)", TEXT, 7)
    logging.getLogger("django-q").error(f"Failed work\n{TEXT}")
    assert {line["message"] for line in read(lines)} == {"It failed: … (…)", "Failed work"}


def test_a_sentence_of_ours_is_masked_all_the_same(lines):
    logging.getLogger("tenants.x").info("to %s, %s, with %s", MAIL, PHONE, TOKEN)
    assert [line["message"] for line in read(lines)] == ["to ***, ***, with ***"]


def test_ids_moments_and_signatures_stay_readable():
    for text in (
        "school 0190f3c2-7d4e-7abc-9def-0123456789ab was not sealed", "2026-11-21T14:10:20+02:00",
        '"signature": "a+123456789012bcd/"', "Not Found: /s/greenfield/learners",
    ):  # fmt: skip
        assert masked(text) == text


@pytest.mark.parametrize("address", ["a.b+c@mail.example", "a%40mail.example", "thandi@x.co.za"])
def test_an_address_is_masked_in_a_path(address):
    assert masked(f"/operator/{address}/x") == "/operator/***/x"


def test_jobs_and_reactions_fail_without_words_but_with_their_school(greenfield, lines, monkeypatch):
    monkeypatch.setitem(jobs._jobs, "test.fails", fails)
    with pytest.raises(jobs.JobFailed):
        jobs.run(json.dumps({"job": "test.fails", "school": str(greenfield.ref.id), "ids": []}))
    scan(greenfield, greenfield.learners[0])
    monkeypatch.setattr("tenant_apps.messaging.channels.email.send", fails)
    drained(greenfield)
    job, reaction = [line for line in read(lines) if "failed" in line["message"]]
    assert job["message"].startswith("job test.fails failed") and reaction["message"].startswith("reaction messaging.")
    assert job["school"] == reaction["school"] == str(greenfield.ref.id)


def test_mail_that_is_refused_names_no_address(world_db, lines, settings):
    with mail_server() as server:
        server.answers["RCPT"] = f"550 no {MAIL} here, {NAME}"
        settings.EMAIL_URL = server.url
        asked = access.ask(full_name=NAME, work_email=MAIL)
        post.drain(now=timezone.now())
    assert asked.reference and post.Letter.objects.get().error == "address_refused_550"
    read(lines)


def test_a_day_of_the_product_leaves_no_trace_of_anybody(greenfield, riverside, signed_in, lines):
    Client().post("/api/auth/login", {"email": MAIL, "password": HUSHED}, content_type="application/json")
    officer, admin = signed_in("officer@greenfield.example"), signed_in("admin@greenfield.example")
    for learner in greenfield.learners[:3]:
        body = {
            "scan_id": str(uuid4()), "badge": badge_of(greenfield, learner), "direction": "auto",
            "gate": str(greenfield.gates[0].id), "scanned_at": timezone.now().isoformat(),
        }  # fmt: skip
        assert officer.post("/api/gate/scans", body, content_type="application/json").status_code == 201
        admin.get(f"/api/learners/{learner.id}")
        scan(greenfield, learner)
    drained(greenfield, MORNING)
    for path in ("/s/greenfield/", "/s/greenfield/learners", "/s/riverside/learners", f"/s/greenfield/{MAIL}"):
        admin.get(path, {"search": NAME})
    operator = signed_in(acts.OPERATOR)
    acts.post(operator)
    acts.work()
    waiting = access.waiting(full_name=NAME, work_email="naledi@district.example")
    access.approve(signed_in(access.ROOT), waiting, role="operator")
    post.drain(now=timezone.now())
    words = (*NEVER, "marelize", "van der Merwe", "sipho", "Dlamini", "vink-op-die-draad", "naledi")
    assert read(lines, without=words)


def test_the_secret_of_a_link_is_not_written(world_db, lines):
    secret = "Abc-123_xyz-of-a-link"
    for path in ("set-password", "request-access/confirm", "request-access/status"):
        assert Client().get(f"/{path}/{secret}").status_code == 404
    assert len(read(lines, without=(secret,))) >= 3


def test_an_error_that_ends_a_process_ends_it_without_words():
    program = (
        "import os, django; django.setup(); from config import logs; logs.keep_crashes_silent();"
        f"import threading; t = threading.Thread(target=lambda: int({TEXT!r})); t.start(); t.join();"
        f"raise RuntimeError({TEXT!r})"
    )
    environment = {**database.environment("x"), "DJANGO_SETTINGS_MODULE": "config.settings"}
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=plugin.ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    found = read([line for line in ended.stderr.splitlines() if line])
    assert ended.returncode == 1 and len(found) == 2 and "RuntimeError" in found[1]["message"]


def call(site, path, body=None, token=""):
    asked = urllib.request.Request(f"{site.url}{path}", data=json.dumps(body).encode() if body else None)
    asked.add_header("Content-Type", "application/json")
    if token:
        asked.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(asked, timeout=20) as answer:
            return json.loads(answer.read() or "{}")
    except urllib.error.HTTPError as error:
        return json.loads(error.read() or "{}") if path.startswith("/api/") else {}


@pytest.mark.processes
def test_the_logs_of_real_processes_hold_ids_and_nobody(real_commits, tmp_path):
    site = LiveSite(free_port(), real_commits, tmp_path / "web.log")
    with mail_server() as server:
        server.answers["RCPT"] = f"550 no {MAIL} here, {NAME}"
        # A state of its own: a process keeps what it was told, and later tests would be told it again.
        told = {"EMAIL_URL": server.url, "MYSENTINEL_STATE": str(tmp_path / "state")}
        with processes.worker(real_commits, tmp_path / "worker.log", **told) as worker:
            try:
                site.start()
                call(site, "/api/auth/login", {"email": MAIL, "password": HUSHED})
                token = call(site, "/api/auth/login", {"email": acts.OPERATOR, "password": PASSWORD})["access_token"]
                call(site, "/api/operator/onboardings", acts.BODY, token)
                call(site, "/api/auth/request-access", {**access.SAID, "full_name": NAME, "work_email": MAIL})
                officer = call(site, "/api/auth/login", {"email": "officer@greenfield.example", "password": PASSWORD})
                call(site, f"/api/learners/{MAIL}", None, officer["access_token"])
                call(site, f"/set-password/{HUSHED}")
                processes.eventually(
                    lambda: post.Letter.objects.exclude(error="").exists(), "a refused letter", log=worker.log
                )
            finally:
                site.end()
    written = (tmp_path / "web.log").read_text() + (tmp_path / "worker.log").read_text()
    ours = [line for line in written.splitlines() if line.startswith("{")]
    read(ours, without=(*NEVER, "marelize", "Merwe", "sipho", "vink-op-die-draad"))
    assert not [word for word in NEVER if word.lower() in written.lower()]
    assert any(json.loads(line).get("school") and json.loads(line).get("actor") for line in ours)
    assert officer["access_token"] not in written and token not in written
