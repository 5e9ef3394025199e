"""/dev/mailbox: mail of a local installation, from every school, and nothing anywhere else."""

from datetime import timedelta

from django.test import Client

from tests.messaging.scans import drained, scan
from tests.world import MORNING


def items(**query):
    return Client().get("/dev/mailbox.json", query).json()["items"]


def test_a_mail_is_seen_without_signing_in_and_newest_first(greenfield, riverside):
    scan(greenfield, greenfield.learners[0])
    drained(greenfield)
    later = MORNING + timedelta(hours=1)
    scan(riverside, riverside.learners[1], at=later)
    drained(riverside, at=later)
    both = items()
    assert [mail["to"] for mail in both] == ["guardian1@rvscanary.example", "guardian0@grfcanary.example"]
    assert set(both[0]) == {"to", "subject", "text", "language", "sent_at"}
    assert (both[0]["language"], both[0]["sent_at"]) == ("af", "2026-11-20T06:12:00Z")
    page = Client().get("/dev/mailbox")
    assert page.status_code == 200
    text = page.content.decode()
    assert both[0]["subject"] in text
    assert ">2026-11-20 00:12</time>" in text and ">2026-11-20 07:12</time>" in text  # as each school’s clock said it


def test_mail_is_found_by_its_address_whatever_the_case(greenfield):
    scan(greenfield, greenfield.learners[0])
    scan(greenfield, greenfield.learners[1])
    drained(greenfield)
    assert [mail["to"] for mail in items(to="Guardian1@GRFcanary.example")] == ["guardian1@grfcanary.example"]
    assert items(to="nobody@grfcanary.example") == []
    assert items(to="\0") == items()


def test_there_is_no_mailbox_outside_a_local_installation(greenfield, settings):
    settings.ENVIRONMENT = "production"
    for path in ("/dev/mailbox", "/dev/mailbox.json"):
        assert Client().get(path).status_code == 404
