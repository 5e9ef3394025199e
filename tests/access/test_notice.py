"""The notice where information about people is collected: short before the first field, whole behind a link."""

import re

import pytest
from django.test import Client

from config.env import Responsible
from shared_apps.access import rules
from tests.access.people import SAID, ask, link_in, mails, waiting

pytestmark = pytest.mark.django_db(databases=["default", "schools"])
NAMED = Responsible("Ikhwezi Trust", "7 Plein Street, Cape Town, 8001", "Ayanda O’Brien", "privacy@ikhwezi.example")


def words(path, **headers):
    answer = Client(headers=headers).get(path)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode())).replace("&#x27;", "’")


def test_the_short_one_stands_before_the_first_field_and_leads_to_the_full_one(settings):
    settings.RESPONSIBLE = NAMED
    page = Client().get("/request-access").content.decode()
    short, link = page.index("We use them only to decide"), page.index('href="/request-access/notice"')
    assert short < page.index('name="full_name"') and link < page.index('name="full_name"')
    assert "Responsible for it: Ikhwezi Trust" in page
    again = Client().post("/request-access", {**SAID, "work_email": "nope"}).content.decode()
    assert "Responsible for it: Ikhwezi Trust" in again


def test_the_full_one_says_everything_that_the_law_asks_for(settings):
    settings.RESPONSIBLE = NAMED
    text = words("/request-access/notice")
    for said in (
        NAMED.party, NAMED.address, NAMED.officer, NAMED.officer_email,  # who
        "full name, work email address, organisation, region and reason",  # what
        "comes from whoever fills in the form",  # source
        "To decide whether you are let in",  # purpose
        "it is your choice", "Without it we cannot decide",  # voluntary, consequence
        "No law makes you tell us", "may be in another country",  # law, abroad
        "The people who decide for your region, and the super admins",  # recipients
        "have it corrected or deleted", "see it", "object to its use",  # rights
        "Information Regulator", rules.REGULATOR.address, rules.REGULATOR.phone, rules.REGULATOR.email,
        rules.REGULATOR.complaints,  # complaint
    ):  # fmt: skip
        assert said in text, said


def test_its_periods_are_those_that_are_kept(settings, monkeypatch):
    """Taken from where the deleting takes them, so that the notice cannot promise something else."""
    text = words("/request-access/notice")
    for said in (
        f"nobody confirmed is deleted after {rules.CONFIRM_WITHIN.days} days",
        f"nobody decided is deleted after {rules.WAITS_AT_MOST.days} days",
        f"rejected request is deleted after {rules.KEPT_REFUSED.days} days",
        f"approved request is deleted after {rules.KEPT_APPROVED.days} days",
    ):
        assert said in text, said


@pytest.mark.parametrize("missing", ["party", "address", "officer", "officer_email"])
def test_who_was_not_named_is_not_made_up(settings, missing):
    told = {**vars(NAMED), missing: ""}
    settings.RESPONSIBLE = Responsible(**told)
    text = words("/request-access/notice")
    assert text.count("not yet named by this installation") == 1
    assert all(value in text for name, value in told.items() if value)
    settings.RESPONSIBLE = Responsible()
    assert words("/request-access/notice").count("not yet named by this installation") == 4
    assert "was not yet named by this installation" in words("/request-access")


def test_whoever_was_asked_for_by_another_reads_it_before_they_confirm():
    ask()
    link = link_in(mails(SAID["work_email"])[0])
    assert 'href="/request-access/notice?in=en"' in Client().get(link).content.decode()
    status = Client().post(link)["Location"]
    assert 'href="/request-access/notice?in=en"' in Client().get(status).content.decode()


@pytest.mark.parametrize("language", ["af", "zu"])
def test_it_speaks_the_readers_language(language, settings):
    settings.RESPONSIBLE = NAMED
    english, theirs = words("/request-access/notice"), words(f"/request-access/notice?in={language}")
    sentences = [one for one in re.split(r"(?<=[.:]) ", english) if len(one) > 60 and "Johannesburg" not in one]
    assert len(sentences) > 10 and not [one for one in sentences if one in theirs]


def test_it_takes_no_input_and_shows_none(settings):
    waiting()
    assert Client().post("/request-access/notice", {"x": "1"}).status_code in (200, 403, 405)
    assert Client().get("/request-access/notice/").status_code == 404
    assert "<script>" not in Client().get("/request-access/notice?x=<script>").content.decode()
