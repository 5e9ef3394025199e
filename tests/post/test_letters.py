"""The platform's own mail: sealed while it waits, out at least once under one Message-ID, every end visible."""

from datetime import timedelta

import pytest
from django.template import TemplateDoesNotExist
from django.test import Client
from django_q.models import OrmQ

from shared_apps.audit.models import PlatformEvent
from shared_apps.post import services
from shared_apps.post.models import Letter, LetterState
from shared_apps.post.rules import ATTEMPTS, LONGEST_PAUSE, pause
from shared_apps.post.services import dead
from tenants import jobs
from tenants.mail import ChannelError
from tests.messaging.smtp import mail_server
from tests.world import MORNING

pytestmark = pytest.mark.django_db(databases=["default", "schools"])
TO = "Somebody.New@example.org"
TEXT = "identity/forgotten"
LONG = timedelta(days=1)


@pytest.fixture
def told(monkeypatch):
    """The text `identity/forgotten`, filled by this test alone."""
    monkeypatch.setitem(services._prepare, TEXT, lambda **more: {"link": f"https://x.example/{more['language']}"})


@pytest.fixture
def smtp(settings):
    with mail_server() as server:
        settings.EMAIL_URL = server.url + "?from=post@mysentinel.example"
        yield server


def send(**more):
    return services.send(**{"template": TEXT, "to": TO, "language": "en", "now": MORNING, **more})


def letter():
    return Letter.objects.get()


def inbox(**query):
    return Client().get("/dev/mailbox.json", query).json()["items"]


def test_a_mail_waits_sealed_and_is_forgotten_once_it_is_in_the_mailbox(told):
    send(facts={"secret": "grapefruit"})
    waiting = letter()
    kept = bytes(waiting.to_sealed) + bytes(waiting.facts_sealed)
    assert b"example" not in kept and b"grapefruit" not in kept and len(kept) > 40
    assert services.drain(now=MORNING) == 1
    (mail,) = inbox(to=TO.lower())
    assert (mail["to"], mail["language"], mail["sent_at"]) == (TO, "en", "2026-11-20T05:12:00Z")
    assert mail["subject"] == "Choose a new password" and "https://x.example/en" in mail["text"]
    sent = letter()
    assert (sent.state, bytes(sent.to_sealed), bytes(sent.facts_sealed)) == (LetterState.SENT, b"", b"")
    assert services.drain(now=MORNING + LONG) == 0 and len(inbox()) == 1


@pytest.mark.parametrize(("language", "subject"), [("af", "Kies ’n nuwe wagwoord"), ("zu", "Khetha iphasiwedi entsha")])
def test_a_mail_speaks_the_language_it_was_sent_in(told, language, subject):
    send(language=language)
    services.drain(now=MORNING)
    (mail,) = inbox()
    assert (mail["subject"], mail["language"]) == (subject, language)


def test_over_smtp_the_same_message_id_comes_again_and_says_its_language(told, smtp):
    send(language="zu")
    smtp.answers["END"] = "451 later"
    services.drain(now=MORNING)
    waiting = letter()
    assert (waiting.state, waiting.error, waiting.attempts) == (LetterState.QUEUED, "mail_refused_451", 1)
    del smtp.answers["END"]
    assert services.drain(now=MORNING) == 0, "it waits before it is tried again"
    services.drain(now=waiting.due_at)
    first, second = smtp.mails
    assert first["Message-ID"] == second["Message-ID"] and second["Content-Language"] == "zu"
    assert second["To"] == TO and second["From"] == "MySentinel <post@mysentinel.example>"
    assert second.get_content_type() == "text/plain"
    assert letter().state == LetterState.SENT


def test_an_address_that_is_refused_is_dead_at_once_and_the_history_names_nobody(told, smtp):
    smtp.answers["RCPT"] = "550 nobody here"
    send()
    services.drain(now=MORNING)
    assert (letter().state, letter().error) == (LetterState.DEAD, "address_refused_550")
    event = PlatformEvent.objects.get(kind="post.letter_dead")
    assert "address_refused_550" in event.body and "example.org" not in event.body.lower()


def test_a_server_that_stays_away_is_given_up_after_so_many_attempts(told, monkeypatch):
    tries = []

    def away(mail, *, now):
        tries.append(now)
        raise ChannelError("unreachable", unreachable=True)

    monkeypatch.setattr(services, "hand_over", away)
    send(expires_at=MORNING + timedelta(days=30))
    for day in range(ATTEMPTS + 5):
        services.drain(now=MORNING + LONG * day)
    assert len(tries) == ATTEMPTS and letter().state == LetterState.DEAD
    monkeypatch.undo()
    assert dead.replay(ids=[letter().id], by="somebody", now=MORNING) == 1
    monkeypatch.setitem(services._prepare, TEXT, lambda **more: {"link": "x"})
    services.drain(now=MORNING)
    assert letter().state == LetterState.SENT
    assert dead.replay(ids=[letter().id], by="somebody", now=MORNING) == 0


def test_a_worker_that_dies_with_a_letter_in_hand_has_spent_an_attempt(told, monkeypatch):
    class Killed(BaseException):
        pass

    def die(mail, *, now):
        raise Killed

    monkeypatch.setattr(services, "hand_over", die)
    send()
    with pytest.raises(Killed):
        services.drain(now=MORNING)
    assert letter().attempts == 1 and services.drain(now=MORNING) == 0, "nobody else takes it while the lease runs"
    monkeypatch.undo()
    monkeypatch.setitem(services._prepare, TEXT, lambda **more: {"link": "x"})
    assert services.drain(now=MORNING + services.LEASE) == 1
    assert letter().state == LetterState.SENT


def test_a_slow_worker_does_not_undo_what_a_later_one_did(told, monkeypatch):
    send()
    real = services.hand_over

    def overtaken(mail, *, now):
        monkeypatch.setattr(services, "hand_over", real)
        services.drain(now=now + services.LEASE)
        raise ChannelError("address_refused_550", permanent=True)

    monkeypatch.setattr(services, "hand_over", overtaken)
    services.drain(now=MORNING)
    assert letter().state == LetterState.SENT and len(inbox()) == 1


def test_a_letter_that_is_too_old_is_not_sent(told):
    send(expires_at=MORNING + timedelta(hours=1))
    services.drain(now=MORNING + timedelta(hours=2))
    assert (letter().state, letter().error, inbox()) == (LetterState.DEAD, "expired", [])


def test_the_same_key_is_the_same_letter(told):
    first = send(once="onboarding:1:welcome")
    assert send(once="onboarding:1:welcome") == first
    services.drain(now=MORNING)
    assert send(once="onboarding:1:welcome") == first
    services.drain(now=MORNING)
    assert len(inbox()) == 1


def test_a_failure_nobody_foresaw_is_raised_and_the_letter_waits(told, monkeypatch):
    def broken(mail, *, now):
        raise RuntimeError("with an address in it")

    monkeypatch.setattr(services, "hand_over", broken)
    send()
    with pytest.raises(RuntimeError):
        services.drain(now=MORNING)
    assert (letter().state, letter().error) == (LetterState.QUEUED, "RuntimeError")


def test_a_text_that_is_not_there_is_told_to_the_sender():
    with pytest.raises(TemplateDoesNotExist):
        send(template="nothing/here")
    assert not Letter.objects.exists()


def test_what_stands_in_the_facts_cannot_add_a_line_to_the_head_or_markup_to_the_text(told, monkeypatch):
    subject, text = services.write(TEXT, {"link": "<b>&\r\nBcc: x@example.org"}, language="en")
    assert "\n" not in subject and "<b>&" in text


def test_sending_wakes_the_worker(told):
    send()
    assert any("post.drain" in task.task["args"][0] for task in OrmQ.objects.all())


def test_a_dead_letter_is_emptied_and_then_forgotten(told):
    send(expires_at=MORNING)
    services.drain(now=MORNING + timedelta(seconds=1))
    services.tidy(now=MORNING + timedelta(days=31))
    assert bytes(letter().to_sealed) == b"" and dead.dead().count() == 0
    assert dead.replay(ids=[letter().id], by="x", now=MORNING - LONG) == 0
    services.tidy(now=MORNING + timedelta(days=91))
    assert not Letter.objects.exists()


def test_the_pause_grows_and_has_an_end():
    pauses = [pause(attempt, 0.5) for attempt in range(1, ATTEMPTS)]
    assert pauses == sorted(pauses) and pauses[-1] == LONGEST_PAUSE
    assert pause(3, 0.0) < pause(3, 1.0)


def test_there_is_no_mailbox_outside_a_local_installation_and_nothing_is_dropped(told, settings):
    settings.ENVIRONMENT = "production"
    send()
    services.drain(now=MORNING)
    assert (letter().state, letter().error) == (LetterState.QUEUED, "no_email_url")
    assert Client().get("/dev/mailbox.json").status_code == 404


def test_the_jobs_are_in_the_table():
    assert {"post.drain", "post.tidy", "identity.tidy"} <= set(jobs._jobs)
