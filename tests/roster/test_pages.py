"""The pages Today, Learners and one learner's record, read as HTML."""

import re

import pytest
from django.utils import timezone

from tenant_apps.gate.models import Flow, Presence, Scan
from tenant_apps.people.models import Learner
from tenants.ids import new_id
from tenants.scope import school_scope

ROOT = "/s/greenfield/"


def page(client, path=""):
    answer = client.get(ROOT + path)
    assert answer.status_code == 200, answer.content[:2000]
    return answer.content.decode()


def scan(cast, learner, **changed):
    now = timezone.now()
    known = {
        "id": new_id(), "badge_code": "X", "learner": learner, "gate": cast.gates[0], "asked": "auto",
        "direction": "in", "verdict": "admitted", "code": "ok", "answer_on_site": True, "scanned_at": now,
        "recorded_at": now, "digest": "x",
    }  # fmt: skip
    Scan.objects.create(**{**known, **changed})


def test_today_answers_first_how_many_are_on_site(signed_in, greenfield):
    now = timezone.now()
    with school_scope(greenfield.ref):
        for learner, on_site in zip(greenfield.learners[:3], (True, True, False), strict=True):
            Presence.objects.create(learner=learner, on_site=on_site, since=now, gate=greenfield.gates[0])
        scan(greenfield, greenfield.learners[0])
        scan(greenfield, None, verdict="refused", code="unknown_badge", answer_on_site=None)
        slot = now.astimezone(greenfield.ref.zone).replace(minute=0, second=0, microsecond=0).time()
        Flow.objects.create(day=now.astimezone(greenfield.ref.zone).date(), starts=slot, arrivals=2, departures=1)
    text = page(signed_in("admin@greenfield.example"))
    assert re.search(r'class="figure".*?>2</a>.*?of 7', text, re.S)
    assert greenfield.learners[0].name in text and "Unknown badge" in text
    assert text.count("chart__bar--in") == text.count("chart__bar--out") == 1
    assert "Most arrivals in the half hour from" in text
    assert " style=" not in text and "<script>" not in text


def test_a_live_beat_gets_the_inside_of_today_alone(signed_in, greenfield):
    answer = signed_in("admin@greenfield.example").get(ROOT, headers={"X-Live": "1"})
    assert "<html" not in answer.content.decode() and "On site now" in answer.content.decode()


def test_today_belongs_to_school_admins(signed_in, greenfield):
    for email in ("officer@greenfield.example", "teacher@greenfield.example", "operator@example.com"):
        assert signed_in(email).get(ROOT).status_code == 403


def test_learners_are_searched_filtered_and_counted(signed_in, greenfield):
    admin = signed_in("admin@greenfield.example")
    everybody = page(admin, "learners?state=all")
    assert everybody.count("data-row") == 8 and "Has left the school" in everybody
    assert page(admin, "learners").count("data-row") == 7
    found = page(admin, f"learners?search=learner3&class={greenfield.classes[0].id}")
    assert found.count("data-row") == 1 and "Clear filters" in found
    nothing = page(admin, "learners?search=%3Cb%3Enobody")
    assert "No learner matches this search: &lt;b&gt;nobody" in nothing and "Clear filters" in nothing
    assert "Nobody is on site now" in page(admin, "learners?state=on_site")


def test_learners_come_in_pages(signed_in, greenfield):
    with school_scope(greenfield.ref):
        Learner.objects.bulk_create(
            Learner(
                number=f"M{place}", given_name=f"Extra{place:02}", family_name="Zz", enrolled_on="2026-01-14",
                class_group=greenfield.classes[0],
            )
            for place in range(30)
        )  # fmt: skip
    admin = signed_in("admin@greenfield.example")
    first, second = page(admin, "learners"), page(admin, "learners?page=2")
    assert (first.count("data-row"), second.count("data-row")) == (25, 12)
    assert "1–25 of 37" in first and 'rel="next"' in first and 'rel="prev"' not in first
    assert "26–37 of 37" in page(admin, "learners?page=999")
    assert page(admin, "learners?size=50").count("data-row") == 37


@pytest.mark.parametrize("query", ["page=x", "page=-1", "size=7", "state=gone", "search=%00", "page=١"])
def test_an_address_somebody_made_up_shows_the_list(signed_in, greenfield, query):
    assert page(signed_in("officer@greenfield.example"), f"learners?{query}").count("data-row") == 7


def test_a_teacher_sees_their_own_classes_learners_alone(signed_in, greenfield):
    teacher = signed_in("teacher@greenfield.example")
    assert page(teacher, "learners").count("data-row") == 4
    assert teacher.get(f"{ROOT}learners?class={greenfield.classes[1].id}").status_code == 404
    assert teacher.get(f"{ROOT}learners/{greenfield.learners[4].id}").status_code == 404


def test_a_record_shows_guardians_and_their_rights_to_school_admins_alone(signed_in, greenfield):
    path = f"learners/{greenfield.learners[4].id}"
    text = page(signed_in("admin@greenfield.example"), path)
    assert "+27821000004" in text and "Gets no messages" in text and "May collect" in text
    text = page(signed_in("officer@greenfield.example"), path)
    assert "+27821000004" not in text and "Guardians" not in text
    assert greenfield.badges[greenfield.learners[4].id] in text


def test_a_restricted_learner_and_one_who_left_are_said_to_be(signed_in, greenfield):
    admin = signed_in("admin@greenfield.example")
    assert "May not leave on a scan alone" in page(admin, f"learners/{greenfield.restricted.id}")
    assert "This learner has left the school" in page(admin, f"learners/{greenfield.inactive.id}")


def test_another_schools_pages_and_learners_are_refused(signed_in, greenfield, riverside):
    admin = signed_in("admin@greenfield.example")
    for path in ("", "learners", "register"):
        assert admin.get(f"/s/riverside/{path}").status_code == 403
    assert admin.get(f"{ROOT}learners/{riverside.learners[0].id}").status_code == 404
    assert admin.get(f"{ROOT}learners/nobody").status_code == 404


def test_a_stranger_is_sent_to_sign_in(client, greenfield):
    for path in ("", "learners", "register"):
        assert client.get(ROOT + path).headers["Location"].startswith("/login?next=")
