"""Dead letters on the platform: by cause, masked, counted before anything is set off, done school by school."""

import json
import re
from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from shared_apps.audit.models import PlatformEvent
from shared_apps.deliveries.models import Batch, BatchPart, DeadLetter
from shared_apps.deliveries.services import batches
from tenant_apps.events.models import Event, Reaction, ReactionState
from tenant_apps.messaging.models import Delivery
from tenant_apps.people.models import Guardianship
from tenants import jobs
from tenants.ids import new_id
from tenants.models import SchoolPlacement
from tenants.scope import school_scope
from tests.deliveries.acts import die, tell
from tests.messaging.scans import drained, scan

ROOT = "/operator/dead-letters"
API = "/api/operator/dead-letters"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
TELL, DELIVER = "messaging.tell_guardians", "messaging.deliver"


@pytest.fixture
def now():
    return timezone.now().replace(microsecond=0)


@pytest.fixture
def operator(signed_in):
    return signed_in("operator@example.com")


def dead_in(cast, now, *, places=(0, 1), ago=MINUTE, reason="KeyError"):
    """Scans whose guardians could not be told; the school has told the platform of it."""
    with school_scope(cast.ref):
        Reaction.objects.filter(state=ReactionState.WAITING).delete()
    for place in places:
        scan(cast, cast.learners[place], at=now - ago)
    ids = die(cast, handler=TELL, reason=reason, at=now)
    tell(cast, timezone.now())
    return ids


def states(cast, ids):
    with school_scope(cast.ref):
        return list(Reaction.objects.filter(id__in=ids).order_by("id").values_list("state", flat=True))


def page(client, path="", **sent):
    answer = client.get(f"{ROOT}{path}", sent)
    assert answer.status_code == 200, answer.content[:2000]
    return answer.content.decode()


def begin(client, act="replay", **sent):
    answer = client.post(f"{ROOT}/batches", {"act": act, "which": "all", **sent})
    assert answer.status_code == 302, answer.content[:2000]
    return Batch.objects.get(pk=answer["Location"].rsplit("/", 1)[1])


def decide(client, batch, word="confirm", **sent):
    answer = client.post(f"{ROOT}/batches/{batch.pk}/{word}", sent)
    batch.refresh_from_db()
    return answer


def worked(batch):
    """What the worker does: whatever is queued for batches, one task after the other, until nothing is."""
    while task := next((row for row in OrmQ.objects.order_by("id") if row.name() == batches.WORK), None):
        task.delete()
        jobs.run(SignedPackage.loads(task.payload)["args"][0])
    batch.refresh_from_db()


# -- listed ------------------------------------------------------------------------------------------------------------


def test_they_stand_by_cause_with_their_number_and_age(operator, greenfield, riverside, now):
    dead_in(greenfield, now)
    dead_in(riverside, now - HOUR, places=(0,))
    text = page(operator)
    assert "KeyError" in text and "Tell the guardians of a scan" in text
    assert re.search(r"Dead letters: 3\. Oldest captured", text)
    told = operator.get(API).json()
    assert (told["total"], len(told["items"])) == (3, 3)
    (cause,) = told["causes"]
    assert (cause["handler"], cause["reason"], cause["count"], cause["schools"]) == (TELL, "KeyError", 3, 2)
    assert {one["school"]["name"] for one in told["items"]} == {"Greenfield Primary", "Riverside High"}
    inside = page(operator, "/cause", handler=TELL, reason="KeyError")
    assert inside.count('name="letter"') == 3 and "Until" in inside


def test_without_any_the_page_says_so(operator, world_db):
    assert "No dead letters." in page(operator) and operator.get(API).json()["total"] == 0


def test_long_lists_come_in_pages_without_gaps_or_repeats(operator, greenfield, now):
    dead_in(greenfield, now, places=(0, 1, 2, 3))
    seen, cursor = [], ""
    while cursor is not None:
        told = operator.get(API, {"limit": 3, "cursor": cursor, "handler": TELL, "reason": "KeyError"}).json()
        seen += [one["id"] for one in told["items"]]
        cursor = told["next"]
    assert len(seen) == len(set(seen)) == 4 and seen == sorted(seen, reverse=True)
    assert operator.get(API, {"handler": "another"}).json()["items"] == []


@pytest.mark.parametrize("query", [{"limit": 0}, {"cursor": "x"}, {"page": 2}, {"handler": "x" * 61}])
def test_a_question_nobody_should_ask_is_invalid(operator, world_db, query):
    assert operator.get(API, query).json()["code"] == "invalid"


@pytest.mark.parametrize("email", ["gauteng@example.com", "circle@example.com", "finance@example.com"])
def test_they_belong_to_operators(signed_in, greenfield, now, email):
    dead_in(greenfield, now)
    client, letter = signed_in(email), DeadLetter.objects.first()
    assert client.get(API).status_code == client.get(ROOT).status_code == 403
    for path in (f"letters/{letter.pk}/reveal", "batches"):
        assert client.post(f"{ROOT}/{path}", {"act": "replay", "which": "all"}).status_code == 403
    assert Batch.objects.count() == 0


# -- one letter --------------------------------------------------------------------------------------------------------


def test_what_concerns_people_is_masked_until_revealed_and_revealing_is_written_down_on_both_sides(
    operator, greenfield, now
):
    (reaction,) = dead_in(greenfield, now, places=(0,))
    letter, learner = DeadLetter.objects.get(), str(greenfield.learners[0].id)
    text = page(operator, f"/letters/{letter.pk}")
    assert learner not in text and "••••••" in text and "learner" in text and "admitted" in text
    assert PlatformEvent.objects.filter(kind="deliveries.letter_revealed").count() == 0
    shown = operator.post(f"{ROOT}/letters/{letter.pk}/reveal").content.decode()
    assert learner in shown and "••••••" not in shown
    (kept,) = PlatformEvent.objects.filter(kind="deliveries.letter_revealed")
    assert kept.school == greenfield.ref.id and json.loads(kept.body)["facts"] == {"reaction": str(reaction)}
    with school_scope(greenfield.ref):
        (told,) = Event.objects.filter(kind="events.dead_letter_revealed")
        assert told.actor == f"system:platform:{kept.actor}" and learner not in told.body


def test_reveal_is_a_deed_and_no_address(operator, greenfield, now):
    dead_in(greenfield, now, places=(0,))
    letter = DeadLetter.objects.get()
    assert operator.get(f"{ROOT}/letters/{letter.pk}/reveal").status_code == 302
    assert PlatformEvent.objects.filter(kind="deliveries.letter_revealed").count() == 0


def test_a_letter_that_is_gone_or_never_was_is_said(operator, greenfield, now):
    ids = dead_in(greenfield, now, places=(0,))
    letter = DeadLetter.objects.get()
    with school_scope(greenfield.ref):
        Reaction.objects.filter(id__in=ids).update(state=ReactionState.DONE)
    assert "no dead letter any more" in page(operator, f"/letters/{letter.pk}")
    assert operator.get(f"{ROOT}/letters/{new_id()}").status_code == 404


# -- replay ------------------------------------------------------------------------------------------------------------


def test_a_replay_says_first_who_would_be_told_and_sets_off_nothing_before_a_yes(operator, greenfield, now):
    ids = dead_in(greenfield, now, places=(0, 1, 4))  # the guardian of the fifth may not be contacted
    batch = begin(operator, handler=TELL, reason="KeyError")
    text = page(operator, f"/batches/{batch.pk}")
    assert re.search(r"In time to replay</dt><dd>3<", text)
    assert re.search(r"People who would be told</dt><dd>2<", text)
    assert "Replay now: 3" in text and states(greenfield, ids) == ["dead"] * 3
    decide(operator, batch)
    assert batch.state == "following" and states(greenfield, ids) == ["waiting"] * 3
    drained(greenfield, timezone.now())
    with school_scope(greenfield.ref):
        assert Delivery.objects.filter(state="sent").count() == 2
    batches.follow(now=timezone.now())
    batch.refresh_from_db()
    assert batch.state == "done"
    after = page(operator, f"/batches/{batch.pk}")
    assert re.search(r"<dt>Done</dt><dd>3<", after) and "Finished" in after


def test_one_guardian_of_two_children_is_counted_once(operator, greenfield, now):
    with school_scope(greenfield.ref):
        guardian = greenfield.learners[0].guardianships.get().guardian
        Guardianship.objects.filter(learner=greenfield.learners[1]).update(guardian=guardian)
    dead_in(greenfield, now, places=(0, 1))
    batch = begin(operator, handler=TELL, reason="KeyError")
    assert batch.parts.get().people == 1


def test_whose_time_is_over_is_counted_and_stays_dead(operator, greenfield, now):
    ids = dead_in(greenfield, now, places=(0, 1), ago=3 * HOUR)
    batch = begin(operator, handler=TELL, reason="KeyError")
    text = page(operator, f"/batches/{batch.pk}")
    assert re.search(r"Too late, these stay dead</dt><dd>2<", text) and "Replay now" not in text
    decide(operator, batch)
    assert states(greenfield, ids) == ["dead"] * 2
    assert "Too late" in page(operator, "/cause", handler=TELL, reason="KeyError")


def test_one_that_runs_out_between_the_count_and_the_yes_stays_dead(operator, greenfield, now):
    ids = dead_in(greenfield, now, places=(0, 1))
    batch = begin(operator, handler=TELL, reason="KeyError")
    with school_scope(greenfield.ref):
        Reaction.objects.filter(id=ids[0]).update(expires_at=now - MINUTE)
    decide(operator, batch)
    assert sorted(states(greenfield, ids)) == ["dead", "waiting"]
    assert batch.parts.get().outcome == {"dead": 1, "waiting": 1}


def test_only_those_that_were_ticked_are_replayed(operator, greenfield, now):
    ids = dead_in(greenfield, now, places=(0, 1, 2))
    letter = DeadLetter.objects.get(reaction=ids[1])
    decide(operator, begin(operator, which="chosen", letter=str(letter.pk)))
    assert states(greenfield, ids) == ["dead", "waiting", "dead"]


def test_what_died_after_the_count_is_not_taken_along(operator, greenfield, now):
    dead_in(greenfield, now, places=(0,))
    batch = begin(operator, handler=TELL, reason="KeyError")
    scan(greenfield, greenfield.learners[1], at=now - MINUTE)
    later = die(greenfield, handler=TELL, reason="KeyError", at=now)
    decide(operator, batch)
    assert states(greenfield, later) == ["dead"]


def test_twice_is_once(operator, greenfield, now):
    dead_in(greenfield, now)
    batch = begin(operator, handler=TELL, reason="KeyError")
    assert decide(operator, batch).status_code == 302
    assert decide(operator, batch).status_code == 409
    assert decide(operator, batch, "cancel").status_code == 409
    with school_scope(greenfield.ref):
        assert Event.objects.filter(kind="events.reactions_replayed").count() == 1
    assert PlatformEvent.objects.filter(kind="deliveries.letters_replayed").count() == 1
    tell(greenfield, timezone.now())
    answer = operator.post(f"{ROOT}/batches", {"act": "replay", "which": "all", "handler": TELL, "reason": "KeyError"})
    assert answer.status_code == 409


def test_leaving_them_leaves_them(operator, greenfield, now):
    ids = dead_in(greenfield, now)
    batch = begin(operator, handler=TELL, reason="KeyError")
    answer = decide(operator, batch, "cancel")
    assert "saved=left_dead" in answer["Location"] and batch.state == "cancelled"
    assert decide(operator, batch).status_code == 409 and states(greenfield, ids) == ["dead"] * 2


@pytest.mark.parametrize("sent", [{"act": "explode"}, {"act": "", "which": "all"}])
def test_only_replay_and_discard_can_be_asked_for(operator, greenfield, now, sent):
    dead_in(greenfield, now)
    assert operator.post(f"{ROOT}/batches", sent).status_code == 422
    assert Batch.objects.count() == 0


def test_nothing_ticked_is_said_and_a_made_up_letter_is_nobodys(operator, greenfield, now):
    dead_in(greenfield, now)
    for letters in ([], ["no id"]):
        answer = operator.post(
            f"{ROOT}/batches", {"act": "replay", "which": "chosen", "letter": letters, "handler": TELL}
        )
        assert "nothing=1" in answer["Location"]
    assert "Tick at least one dead letter first." in operator.get(answer["Location"]).content.decode()
    made_up = operator.post(f"{ROOT}/batches", {"act": "replay", "which": "chosen", "letter": [str(new_id())]})
    assert made_up.status_code == 409


# -- many schools ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("turn", [1, 2, 100])
def test_many_schools_are_work_for_later_each_in_its_own_turn(operator, greenfield, riverside, now, monkeypatch, turn):
    monkeypatch.setattr(batches, "TURN", turn)
    here, there = dead_in(greenfield, now), dead_in(riverside, now, places=(0,))
    batch = begin(operator)
    assert batch.state == "counting" and OrmQ.objects.count() > 0
    assert "Asking the schools: 0 of 2" in page(operator, f"/batches/{batch.pk}")
    worked(batch)
    assert batch.state == "ready" and "Replay now: 3" in page(operator, f"/batches/{batch.pk}")
    decide(operator, batch)
    assert batch.state == "running" and states(greenfield, here) == ["dead"] * 2
    worked(batch)
    assert batch.state == "following"
    assert states(greenfield, here) + states(riverside, there) == ["waiting"] * 3


def test_a_worker_lost_in_the_middle_is_made_up_for(operator, greenfield, riverside, now):
    """One school's turn was done and not written down, another's was taken and never begun."""
    here, there = dead_in(greenfield, now), dead_in(riverside, now, places=(0,))
    batch = begin(operator)
    worked(batch)
    decide(operator, batch)
    done = batch.parts.get(school=greenfield.ref.id)
    batches._act(batch, done, now)  # and the worker dies before it saves
    BatchPart.objects.filter(batch=batch).update(taken_at=timezone.now())
    worked(batch)
    assert batch.state == "running" and states(riverside, there) == ["dead"]  # still in somebody else's hands
    BatchPart.objects.filter(batch=batch).update(taken_at=timezone.now() - batches.TAKEN_FOR - MINUTE)
    batches.follow(now=timezone.now())  # the clock finds what nobody works on any more
    worked(batch)
    assert batch.state == "following" and states(greenfield, here) + states(riverside, there) == ["waiting"] * 3
    with school_scope(greenfield.ref):
        assert Event.objects.filter(kind="events.reactions_replayed").count() == 1
    assert {tuple(part.outcome.items()) for part in batch.parts.all()} == {(("waiting", 2),), (("waiting", 1),)}


def test_a_school_that_cannot_be_asked_stops_nobody_else(operator, greenfield, riverside, now):
    here = dead_in(greenfield, now)
    dead_in(riverside, now, places=(0,))
    batch = begin(operator)
    SchoolPlacement.objects.filter(school=riverside.ref.id).update(role="t_nobody")
    worked(batch)
    decide(operator, batch)
    worked(batch)
    text = page(operator, f"/batches/{batch.pk}")
    assert "Schools that could not be asked, so nothing was changed there: 1" in text and "Could not be asked" in text
    assert states(greenfield, here) == ["waiting"] * 2


def test_what_nobody_decided_for_a_day_is_cancelled(operator, greenfield, now):
    dead_in(greenfield, now)
    batch = begin(operator, handler=TELL, reason="KeyError")
    batches.follow(now=now + 23 * HOUR)
    batch.refresh_from_db()
    assert batch.state == "ready"
    batches.follow(now=now + 25 * HOUR)
    batch.refresh_from_db()
    assert batch.state == "cancelled"


# -- discard -----------------------------------------------------------------------------------------------------------


def test_a_discard_needs_a_reason_and_closes_for_good(operator, greenfield, now):
    ids = dead_in(greenfield, now, places=(0,)) + dead_in(greenfield, now, places=(1,), ago=3 * HOUR)
    batch = begin(operator, act="discard", handler=TELL, reason="KeyError")
    refused = decide(operator, batch)
    assert refused.status_code == 422 and "Say why these are discarded." in refused.content.decode()
    assert decide(operator, batch, why="because").status_code == 422 and batch.state == "ready"
    decide(operator, batch, why="told_otherwise")
    assert states(greenfield, ids) == ["discarded"] * 2
    kept = PlatformEvent.objects.get(kind="deliveries.letters_discarded")
    assert json.loads(kept.body)["facts"]["why"] == "told_otherwise"
    with school_scope(greenfield.ref):
        told = Event.objects.get(kind="events.reactions_discarded")
        assert json.loads(told.body)["facts"] == {"count": 2, "why": "told_otherwise"}
    assert "No dead letters." in page(operator)  # at once, not when the school tells next
    batches.follow(now=timezone.now())
    text = page(operator, f"/batches/{batch.pk}")
    assert "They were told in another way" in text and re.search(r"<dt>Discarded</dt><dd>2<", text)


def test_nothing_of_it_names_anybody(operator, greenfield, now):
    dead_in(greenfield, now)
    begin(operator, handler=TELL, reason="KeyError")
    letter = DeadLetter.objects.first()
    for path in ("", f"/cause?handler={TELL}&reason=KeyError", f"/letters/{letter.pk}"):
        text = operator.get(f"{ROOT}{path}").content.decode()
        assert greenfield.canary not in text and greenfield.canary.lower() not in text
