"""What became of a batch: asked of every school until all is settled, and never guessed where a school was silent."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from shared_apps.deliveries.models import BatchPart, DeadLetter
from shared_apps.deliveries.services import batches, places, standing
from shared_apps.deliveries.services.places import POST
from tenant_apps.events.models import Reaction
from tenants.cells import CellDown
from tenants.scope import school_scope
from tests.deliveries.test_dead_letters import API, TELL, begin, dead_in, decide, page, states, worked
from tests.deliveries.test_platform_mail import lost
from tests.messaging.scans import drained


@pytest.fixture
def now():
    return timezone.now().replace(microsecond=0)


@pytest.fixture
def operator(signed_in, world_db):
    return signed_in("operator@example.com")


@pytest.fixture
def silent(monkeypatch):
    """Words to which schools answer nothing; what they are asked to do, they do first."""
    words = set()

    def ask(school, name, **told):
        answer = before(school, name, **told)
        if name.rpartition(".")[2] in words:
            raise CellDown("lost on the way back")
        return answer

    before = places.ask
    monkeypatch.setattr(places, "ask", ask)
    return words


def followed(batch, now):
    batches.follow(now=now)
    batch.refresh_from_db()
    return batch.state


def of_both(operator, greenfield, riverside, now):
    dead_in(greenfield, now)
    dead_in(riverside, now, places=(0,))
    batch = begin(operator)
    worked(batch)
    decide(operator, batch)
    worked(batch)
    return batch


@pytest.mark.parametrize("first", ["greenfield", "riverside"])
def test_a_batch_is_not_finished_while_a_school_that_was_not_looked_at_has_some_waiting(
    operator, greenfield, riverside, now, monkeypatch, first
):
    monkeypatch.setattr(batches, "LOOKS", 1)
    batch, casts = of_both(operator, greenfield, riverside, now), {"greenfield": greenfield, "riverside": riverside}
    quick, slow = casts.pop(first), casts.popitem()[1]
    drained(quick, timezone.now())
    assert [followed(batch, now + timedelta(minutes=at)) for at in range(4)] == ["following"] * 4
    assert standing.outcome(batch) == {
        "done": batch.parts.get(school=quick.ref.id).fresh,
        "waiting": len(batch_of(slow)),
    }
    drained(slow, timezone.now())
    assert followed(batch, now + timedelta(minutes=5)) == "done" and standing.outcome(batch) == {"done": 3}


def batch_of(cast):
    return BatchPart.objects.get(school=cast.ref.id).reactions


def test_those_not_asked_for_longest_come_first(operator, greenfield, riverside, now, monkeypatch):
    monkeypatch.setattr(batches, "LOOKS", 1)
    batch = of_both(operator, greenfield, riverside, now)
    for at in range(4):
        followed(batch, now + timedelta(minutes=at))
    looked = batch.parts.order_by("taken_at").values_list("taken_at", flat=True)
    assert list(looked) == [now + timedelta(minutes=2), now + timedelta(minutes=3)]


def test_a_batch_is_followed_for_a_day_and_no_longer(operator, greenfield, now):
    dead_in(greenfield, now)
    batch = begin(operator, handler=TELL, reason="KeyError")
    decide(operator, batch)
    assert followed(batch, timezone.now() + timedelta(hours=23)) == "following"
    assert followed(batch, timezone.now() + timedelta(hours=25)) == "done"


@pytest.mark.parametrize(
    ("act", "sent", "found"), [("replay", {}, "waiting"), ("discard", {"why": "sent_twice"}, "discarded")]
)
def test_what_was_done_is_never_denied_because_the_question_after_it_failed(
    operator, greenfield, now, silent, act, sent, found
):
    ids = dead_in(greenfield, now)
    batch = begin(operator, act=act, handler=TELL, reason="KeyError")
    silent.add("outcome")
    decide(operator, batch, **sent)
    assert states(greenfield, ids) == [found] * 2 and batch.state == "following"
    text = page(operator, f"/batches/{batch.pk}")
    assert "nothing was changed there" not in text
    assert "Schools where it was done, but what became of it is not known: 1" in text
    told = operator.get(f"{API}/batches/{batch.pk}").json()
    assert (told["failed"], told["unsure"], told["unheard"], told["outcome"]) == (0, 0, 1, {})
    assert followed(batch, timezone.now()) == "following"
    silent.clear()
    assert followed(batch, timezone.now()) == ("done" if act == "discard" else "following")
    assert standing.outcome(batch) == {found: 2} and "is not known" not in page(operator, f"/batches/{batch.pk}")


def test_a_school_lost_while_it_was_done_may_have_done_it_and_says_so_once_it_answers(
    operator, greenfield, now, silent
):
    ids = dead_in(greenfield, now)
    batch = begin(operator, handler=TELL, reason="KeyError")
    silent |= {"replay", "outcome"}
    decide(operator, batch)
    assert states(greenfield, ids) == ["waiting"] * 2  # the commit went through, its answer did not
    text = page(operator, f"/batches/{batch.pk}")
    assert "nothing was changed there" not in text and "It may have happened there: 1" in text
    told = operator.get(f"{API}/batches/{batch.pk}").json()
    assert (told["failed"], told["unsure"], told["unheard"]) == (1, 1, 0)
    assert followed(batch, timezone.now()) == "following"
    silent.clear()
    assert followed(batch, timezone.now()) == "following" and standing.progress(batch)["failed"] == 0
    assert re.search(r"<dt>Waiting for its turn</dt><dd>2<", page(operator, f"/batches/{batch.pk}"))
    drained(greenfield, timezone.now())
    assert followed(batch, timezone.now()) == "done" and standing.outcome(batch) == {"done": 2}


def test_a_school_that_was_never_counted_was_not_changed_and_keeps_nothing_open(operator, greenfield, now, silent):
    silent.add("count")
    ids = dead_in(greenfield, now)
    batch = begin(operator, handler=TELL, reason="KeyError")
    assert "so nothing was changed there: 1" in page(operator, f"/batches/{batch.pk}")
    silent.clear()
    decide(operator, batch)
    assert states(greenfield, ids) == ["dead"] * 2 and followed(batch, timezone.now()) == "done"


# -- more than one batch takes -----------------------------------------------------------------------------------------


def crowd(greenfield, now):
    """Two that are too old died first, three that are in time after them."""
    old = dead_in(greenfield, now - timedelta(hours=1), places=(0, 1), ago=timedelta(hours=2))
    new = [dead_in(greenfield, now + timedelta(seconds=at), places=(at,))[0] for at in range(3)]
    return old, new


def test_what_is_too_old_keeps_nothing_in_time_from_being_replayed(operator, greenfield, now, monkeypatch):
    monkeypatch.setattr(batches, "AT_ONCE", 2)
    old, new = crowd(greenfield, now)
    batch = begin(operator, handler=TELL, reason="KeyError")
    text = page(operator, f"/batches/{batch.pk}")
    assert "too old to tell" not in text and "Replay now: 2" in text
    assert "These are the first 2 of 3. The rest is for another time." in text
    assert re.search(r"Too late, these stay dead</dt><dd>2<", text)
    told = operator.get(f"{API}/batches/{batch.pk}").json()
    assert (told["fresh"], told["expired"], told["beyond"]) == (2, 2, 1)
    decide(operator, batch)
    assert states(greenfield, old + new) == ["dead", "dead", "waiting", "waiting", "dead"]
    again = begin(operator, handler=TELL, reason="KeyError")
    assert "These are the first" not in page(operator, f"/batches/{again.pk}")
    decide(operator, again)
    assert states(greenfield, old + new) == ["dead", "dead", "waiting", "waiting", "waiting"]


def test_a_discard_of_more_than_it_takes_says_so(operator, greenfield, now, monkeypatch):
    monkeypatch.setattr(batches, "AT_ONCE", 4)
    old, new = crowd(greenfield, now)
    batch = begin(operator, act="discard", handler=TELL, reason="KeyError")
    text = page(operator, f"/batches/{batch.pk}")
    assert "These are the first 4 of 5. The rest is for another time." in text and "Discard now: 4" in text
    decide(operator, batch, why="sent_twice")
    assert sorted(states(greenfield, old + new)) == ["dead"] + ["discarded"] * 4


def test_one_batch_takes_exactly_as_many_without_a_word(operator, greenfield, now, monkeypatch):
    monkeypatch.setattr(batches, "AT_ONCE", 3)
    crowd(greenfield, now)
    batch = begin(operator, handler=TELL, reason="KeyError")
    assert "These are the first" not in page(operator, f"/batches/{batch.pk}") and batch.parts.get().fresh == 3


def test_old_mail_of_the_platform_keeps_nothing_in_time_from_being_sent(operator, now, monkeypatch):
    monkeypatch.setattr(batches, "AT_ONCE", 2)
    for expires_in in (-1, -1, 1, 1, 1):
        lost(now, expires_in=expires_in * timedelta(hours=1))
    batch = begin(operator, handler=POST, reason="unreachable")
    told = operator.get(f"{API}/batches/{batch.pk}").json()
    assert (told["fresh"], told["expired"], told["beyond"], told["people"]) == (2, 2, 1, 1)
    assert "These are the first 2 of 3." in page(operator, f"/batches/{batch.pk}")


def test_what_is_gone_meanwhile_is_not_called_too_old(operator, greenfield, now):
    ids = dead_in(greenfield, now)
    with school_scope(greenfield.ref):
        Reaction.objects.filter(id__in=ids).update(state="done")
    text = page(operator, f"/batches/{begin(operator, handler=TELL, reason='KeyError').pk}")
    assert "too old to tell" not in text and "None of these is a dead letter any more." in text


# -- what it holds -----------------------------------------------------------------------------------------------------


def test_the_heading_says_what_a_batch_holds(operator, greenfield, now):
    (_one, two) = dead_in(greenfield, now)

    def heading(**sent):
        text = page(operator, f"/batches/{begin(operator, **sent).pk}")
        return re.sub(r"<[^>]+>", "", re.search(r'<h2 id="batch-title">(.*?)</h2>', text, re.S)[1])

    cause = {"handler": TELL, "reason": "KeyError"}
    letter = str(DeadLetter.objects.get(reaction=two).pk)
    assert heading() == "All dead letters"
    assert heading(**cause) == "All of one cause: KeyError · Tell the guardians of a scan"
    assert heading(which="chosen", letter=letter) == "Chosen dead letters"
    chosen = heading(which="chosen", letter=letter, **cause)
    assert chosen == "Chosen dead letters · KeyError · Tell the guardians of a scan"
    whole = operator.post(f"{API}/batches", {"act": "replay", "handler": TELL}, content_type="application/json").json()
    assert "All of one kind, whatever the cause" in page(operator, f"/batches/{whole['id']}")
