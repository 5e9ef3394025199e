"""The platform's own mail among the dead letters: counted, masked, sent again while there is time, or closed."""

import json
import re
from datetime import timedelta

import pytest
from django.utils import timezone

from shared_apps.audit.models import PlatformEvent
from shared_apps.deliveries.models import Batch, BatchPart
from shared_apps.deliveries.services import batches, letters, standing, totals
from shared_apps.deliveries.services.places import POST
from shared_apps.deliveries.services.words import MAILS
from shared_apps.operator.services.needs import needs_of
from shared_apps.operator.services.picture import picture
from shared_apps.post import services as post
from shared_apps.post.models import Letter, LetterState, MailboxEntry
from tenants.actor import Actor
from tenants.problems import Refusal
from tests.deliveries.test_dead_letters import API, ROOT, TELL, begin, dead_in, decide, page, states, worked
from tests.operator.ground import figures, work_runs

OPERATOR = Actor(kind="person", scope="platform", roles=frozenset({"operator"}))
REGIONAL = Actor(kind="person", scope="platform", roles=frozenset({"regional_admin"}))
TEXT = "access/rejected"
HOUR = timedelta(hours=1)


@pytest.fixture
def now():
    return timezone.now().replace(microsecond=0)


@pytest.fixture
def operator(signed_in, world_db):
    return signed_in("operator@example.com")


def lost(now, *, to="Ann.Other@example.org", reason="unreachable", expires_in=HOUR):
    """A mail of the platform's own that was given up."""
    key = post.send(
        template=TEXT, to=to, language="en", now=now - HOUR, facts={"link": "https://x.example/secret-link"},
        expires_at=now + expires_in,
    )  # fmt: skip
    changed = {"state": LetterState.DEAD, "error": reason, "attempts": 12, "died_at": now - HOUR / 2}
    Letter.objects.filter(pk=key).update(**changed)
    return key


def cause(**more):
    return {"handler": POST, "reason": "unreachable", **more}


# -- seen --------------------------------------------------------------------------------------------------------------


def test_it_stands_among_the_others_and_is_counted_with_them(operator, greenfield, now):
    figures(greenfield.ref)
    work_runs()
    dead_in(greenfield, now)
    lost(now), lost(now), lost(now, reason="address_refused_550")
    text = page(operator)
    assert "Dead letters: 5." in text and "Send a mail of the platform" in text and "The platform’s mail" in text
    told = operator.get(API).json()
    assert told["total"] == 5
    assert [(one["handler"], one["reason"], one["count"], one["schools"]) for one in told["causes"]] == [
        (TELL, "KeyError", 2, 1), (POST, "unreachable", 2, 0), (POST, "address_refused_550", 1, 0),
    ]  # fmt: skip
    assert operator.get(API, {"handler": POST, "reason": "unreachable"}).json()["items"][0]["school"] is None
    (need,) = (one for one in needs_of(picture(OPERATOR, now=timezone.now())) if one.tone == "alarm")
    assert (need.title, need.detail) == ("Dead letters: 5", "Causes: 3")
    assert need.since == now - HOUR / 2


def test_pages_of_both_kinds_follow_each_other_without_gaps(operator, greenfield, now):
    dead_in(greenfield, now, places=(0, 1, 2))
    for _ in range(3):
        lost(now)
    seen, cursor = [], ""
    while cursor is not None:
        told = operator.get(API, {"limit": 2, "cursor": cursor}).json()
        seen += [one["id"] for one in told["items"]]
        cursor = told["next"]
    assert len(set(seen)) == len(seen) == 6 and seen == sorted(seen, reverse=True)


def test_the_address_is_masked_until_revealed_and_the_text_is_shown_to_nobody(operator, now):
    key = lost(now)
    text = page(operator, f"/letters/{key}")
    assert "Email: access request rejected" in text and "••••••" in text and "<dd>12</dd>" in text
    assert "ann.other" not in text.lower() and "secret-link" not in text
    shown = operator.post(f"{ROOT}/letters/{key}/reveal").content.decode()
    assert "Ann.Other@example.org" in shown and "secret-link" not in shown
    kept = PlatformEvent.objects.get(kind="post.letter_revealed")
    assert json.loads(kept.body)["facts"] == {"letter": str(key)} and "example.org" not in kept.body
    assert not PlatformEvent.objects.filter(kind="deliveries.letter_revealed").exists()


def test_those_who_watch_a_part_neither_see_nor_reach_it(greenfield, now):
    key = lost(now)
    batch = batches.begin(by=OPERATOR, now=now, act="replay", handler=POST, reason="unreachable")
    assert totals.troubles(REGIONAL)["dead"] == [] and letters.listed(REGIONAL, limit=9) == []
    for ask in (
        lambda: letters.letter_within(REGIONAL, key),
        lambda: standing.batch_within(REGIONAL, batch.pk),
        lambda: batches.begin(by=REGIONAL, now=now, act="replay", letters=[key]),
        lambda: batches.begin(by=REGIONAL, now=now, act="discard"),
    ):
        with pytest.raises(Refusal) as refused:
            ask()
        assert refused.value.status in (404, 409)
    assert Batch.objects.count() == 1


# -- sent again --------------------------------------------------------------------------------------------------------


def test_a_replay_says_to_how_many_then_sends_each_once(operator, now):
    keys = [lost(now), lost(now, to="ann.other@EXAMPLE.org"), lost(now, to="bea@example.org")]
    late = lost(now, expires_in=-HOUR)
    batch = begin(operator, **cause())
    text = page(operator, f"/batches/{batch.pk}")
    assert re.search(r"In time to replay</dt><dd>3<", text) and re.search(r"Too late, these stay dead</dt><dd>1<", text)
    assert re.search(r"People who would be told</dt><dd>2<", text) and "<dt>Schools</dt>" not in text
    assert MailboxEntry.objects.count() == 0 and Letter.objects.filter(state="dead").count() == 4
    decide(operator, batch)
    assert decide(operator, batch).status_code == 409
    assert batch.parts.get().outcome == {"waiting": 3}
    post.drain(now=timezone.now())
    batches.follow(now=timezone.now())
    batch.refresh_from_db()
    assert batch.state == "done" and batch.parts.get().outcome == {"done": 3}
    assert MailboxEntry.objects.count() == 3
    assert set(Letter.objects.filter(state="sent").values_list("pk", flat=True)) == set(keys)
    assert Letter.objects.get(pk=late).state == "dead"
    assert re.search(r"<dt>Done</dt><dd>3<", page(operator, f"/batches/{batch.pk}"))
    kept = PlatformEvent.objects.get(kind="post.letters_sent_again")
    assert json.loads(kept.body)["facts"] == {"count": 3}


def test_only_the_ticked_one_and_not_after_its_time(operator, now):
    first, second = lost(now), lost(now)
    listed = page(operator, "/cause", **cause())
    assert listed.count('name="letter"') == 2 and "Email: access request rejected" in listed
    batch = begin(operator, which="chosen", letter=str(second))
    Letter.objects.filter(pk=second).update(expires_at=now - HOUR)  # it runs out between the count and the yes
    decide(operator, batch)
    assert [Letter.objects.get(pk=key).state for key in (first, second)] == ["dead", "dead"]
    assert not PlatformEvent.objects.filter(kind="post.letters_sent_again").exists()


def test_everything_holds_the_schools_and_the_platforms_own(operator, greenfield, riverside, now):
    ids, other = dead_in(greenfield, now), dead_in(riverside, now)
    key = lost(now)
    batch = begin(operator)
    worked(batch)
    text = page(operator, f"/batches/{batch.pk}")
    assert re.search(r"In time to replay</dt><dd>5<", text) and re.search(r"Schools</dt><dd>2<", text)
    assert re.search(r'<th scope="row">The platform’s mail</th><td class="number"[^>]*>1</td>', text)
    decide(operator, batch)
    worked(batch)
    assert batch.state == "following" and states(greenfield, ids) + states(riverside, other) == ["waiting"] * 4
    assert Letter.objects.get(pk=key).state == "queued"
    assert BatchPart.objects.filter(batch=batch, school=None).count() == 1


# -- discarded ---------------------------------------------------------------------------------------------------------


def test_a_discard_needs_its_reason_closes_for_good_and_forgets_the_address(operator, now):
    key = lost(now)
    batch = begin(operator, "discard", **cause())
    assert decide(operator, batch).status_code == 422 and Letter.objects.get(pk=key).state == "dead"
    assert decide(operator, batch, why="wrong_address").status_code == 302
    gone = Letter.objects.get(pk=key)
    assert (gone.state, bytes(gone.to_sealed), bytes(gone.facts_sealed)) == ("discarded", b"", b"")
    kept = PlatformEvent.objects.get(kind="post.letters_discarded")
    assert json.loads(kept.body)["facts"] == {"count": 1, "why": "wrong_address"}
    assert batch.parts.get().outcome == {"discarded": 1}
    assert operator.get(f"{ROOT}/letters/{key}").status_code == 404 and "No dead letters." in page(operator)
    assert post.drain(now=timezone.now()) == 0
    post.tidy(now=now + timedelta(days=91))
    assert not Letter.objects.exists()


def test_what_was_emptied_is_no_dead_letter_any_more(operator, now):
    lost(now)
    post.tidy(now=now + timedelta(days=31))
    assert "No dead letters." in page(operator)
    assert operator.post(f"{ROOT}/batches", {"act": "replay", "which": "all", **cause()}).status_code == 409


def test_every_mail_of_the_platform_has_a_name(settings):
    folder = settings.BASE_DIR / "templates" / "post"
    found = {str(path.relative_to(folder).with_suffix("")) for path in folder.glob("*/*.txt")}
    assert len(found) > 8 and found == set(MAILS)
