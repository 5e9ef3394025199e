"""The gate screen's page: who gets it, what it weighs, and that it carries the rules instead of a copy of them."""

import gzip
import json
import re

import pytest
from django.test import Client

from tenant_apps.gate.rules import Code, code_table, read_badge_code
from tenant_apps.gate.views import line, tone
from tenant_apps.people.models import SchoolProfile
from tenants.scope import school_scope
from tests import plugin, world

PAGE = "/s/greenfield/gate"
HIDDEN = re.compile(r'id="lockdown"[^>]* hidden')


@pytest.fixture
def browser_in(greenfield):
    """Sign in as a browser does: with the cookie, and the token against forgery for what is posted."""

    def sign_in(email):
        client = Client(enforce_csrf_checks=True)
        client.get("/login")
        token = client.cookies["csrftoken"].value
        fields = {"email": email, "password": world.PASSWORD, "csrfmiddlewaretoken": token}
        assert client.post("/login", fields).status_code == 302
        return client

    return sign_in


def settings_of(answer):
    found = re.search(r'<script id="gate-settings" type="application/json">(.*?)</script>', answer.content.decode())
    return json.loads(found[1])


def test_an_officer_gets_a_page_that_can_post_scans(browser_in, greenfield):
    client = browser_in(greenfield.email("officer"))
    answer = client.get(PAGE)
    assert answer.status_code == 200
    for gate in greenfield.gates:
        assert str(gate.id) in answer.content.decode()
    tap = {
        "scan_id": "01939c2e-0000-7000-8000-000000000001", "badge": greenfield.badges[greenfield.learners[0].id],
        "gate": str(greenfield.gates[0].id), "direction": "in", "scanned_at": "2026-01-15T05:00:00Z",
    }  # fmt: skip
    token = {"X-CSRFToken": client.cookies["csrftoken"].value}
    assert client.post("/api/gate/scans", tap, content_type="application/json").status_code == 403
    assert client.post("/api/gate/scans", tap, content_type="application/json", headers=token).status_code == 201


def test_a_teacher_an_operator_a_stranger_and_another_school_do_not(browser_in, greenfield, riverside):
    stranger = Client().get(PAGE)
    assert stranger.status_code == 302 and stranger["Location"].startswith("/login")
    for email in (greenfield.email("teacher"), "operator@example.com", riverside.email("officer")):
        answer = browser_in(email).get(PAGE)
        assert answer.status_code == 403
        assert greenfield.gates[0].name not in answer.content.decode()


def test_the_page_carries_the_rules_of_the_school(browser_in, greenfield):
    carried = settings_of(browser_in(greenfield.email("officer")).get(PAGE))
    with school_scope(greenfield.ref):
        tag = SchoolProfile.objects.get().badge_tag
    assert {name: carried["badge"][name] for name in code_table(tag)} == json.loads(json.dumps(code_table(tag)))
    assert read_badge_code(greenfield.badges[greenfield.learners[0].id])[0] == carried["badge"]["tag"]
    assert set(carried["codes"]) == set(Code)


def test_red_is_for_a_lockdown_alone():
    assert [code for code in Code if tone(code) == "lockdown"] == [Code.LOCKDOWN]
    assert {tone(code) for code in Code if code.refused} == {"stop", "lockdown"}
    assert all(line(code) for code in Code if code is not Code.OK)


def test_a_lockdown_stands_on_the_page(browser_in, greenfield):
    client = browser_in(greenfield.email("officer"))
    assert HIDDEN.search(client.get(PAGE).content.decode())
    with school_scope(greenfield.ref):
        SchoolProfile.objects.update(lockdown=True)
    page = client.get(PAGE).content.decode()
    assert 'id="lockdown"' in page and not HIDDEN.search(page)


def test_a_school_without_gates_says_so(browser_in, greenfield):
    with school_scope(greenfield.ref):
        type(greenfield.gates[0]).objects.update(active=False)
    assert "no gate yet" in browser_in(greenfield.email("officer")).get(PAGE).content.decode()


def test_the_page_stays_within_its_budget(browser_in, greenfield):
    html = browser_in(greenfield.email("officer")).get(PAGE).content
    assert len(gzip.compress(html)) <= 25 * 1024
    scripts = [*(plugin.ROOT / "static/js/gate").glob("*.js"), plugin.ROOT / "static/js/shell/menu.js"]
    assert sum(len(gzip.compress(path.read_bytes())) for path in scripts) <= 45 * 1024
    sheets = [plugin.ROOT / f"static/css/{name}.css" for name in ("tokens", "reset", "base", "components", "gate")]
    assert sum(len(gzip.compress(path.read_bytes())) for path in sheets) <= 12 * 1024
