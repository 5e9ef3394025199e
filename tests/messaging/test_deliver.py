"""Taking a message outside: written down first, the same Message-ID every time, every end visible."""

from datetime import datetime, timedelta

import pytest

from tenant_apps.events.models import Event, Reaction, ReactionState
from tenant_apps.messaging.channels import ChannelError, email
from tenant_apps.messaging.models import Attempt, Delivery, DeliveryState, MailboxEntry
from tenants import mail
from tenants.scope import school_scope
from tests.messaging.scans import drained, scan
from tests.messaging.smtp import mail_server
from tests.world import MORNING

FORWARD = timedelta(seconds=20)


@pytest.fixture
def smtp(settings):
    with mail_server() as server:
        settings.EMAIL_URL = server.url + "?from=gate@mysentinel.example"
        yield server


def told(cast):
    """The delivery of the one message there is, its attempts, and its reaction."""
    with school_scope(cast.ref):
        delivery = Delivery.objects.get()
        tries = list(Attempt.objects.order_by("id").values_list("outcome", "error"))
        return delivery, tries, Reaction.objects.get(handler="messaging.deliver")


def test_a_mail_goes_out_with_its_headers(greenfield, smtp):
    scan(greenfield, greenfield.learners[1])
    drained(greenfield)
    delivery, tries, reaction = told(greenfield)
    (mail,) = smtp.mails
    assert mail["Message-ID"] == delivery.reference
    assert mail["To"] == "guardian1@grfcanary.example"
    assert mail["From"] == "MySentinel <gate@mysentinel.example>"
    assert mail["Content-Language"] == "af"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime == MORNING and str(mail["Date"]).endswith("+0200")
    assert mail["Subject"] == f"By die skool aangekom: Learner1 {greenfield.canary}"
    assert (delivery.state, delivery.sent_at, tries) == (DeliveryState.SENT, MORNING, [("sent", "")])
    assert reaction.state == ReactionState.DONE
    with school_scope(greenfield.ref):
        assert MailboxEntry.objects.count() == 0
        assert Event.objects.filter(kind="messaging.message_sent").count() == 1


def test_a_second_attempt_carries_the_same_message_id(greenfield, smtp):
    scan(greenfield, greenfield.learners[0])
    smtp.answers["END"] = "451 later"  # the letter was taken in full, and then it was not
    drained(greenfield)
    delivery, tries, reaction = told(greenfield)
    assert (delivery.state, tries) == (DeliveryState.QUEUED, [("failed", "mail_refused_451")])
    assert (reaction.state, reaction.error) == (ReactionState.WAITING, "mail_refused_451")
    del smtp.answers["END"]
    drained(greenfield, at=MORNING + FORWARD)
    delivery, tries, reaction = told(greenfield)
    assert {mail["Message-ID"] for mail in smtp.mails} == {delivery.reference} and len(smtp.mails) == 2
    assert (delivery.state, [outcome for outcome, _ in tries]) == (DeliveryState.SENT, ["failed", "sent"])


@pytest.mark.parametrize(
    ("verb", "answer", "reason", "permanent"),
    [
        ("RCPT", "550 nobody", "address_refused_550", True),
        ("RCPT", "450 greylisted", "address_refused_450", False),
        ("DATA", "554 spam", "mail_refused_554", True),
        ("MAIL", "530 who are you", "server_refused_530", False),
        ("MAIL", "hang up", "unreachable", False),
    ],
)
def test_a_refusal_is_recorded_and_only_the_letter_s_own_is_final(greenfield, smtp, verb, answer, reason, permanent):
    scan(greenfield, greenfield.learners[0])
    smtp.answers[verb] = answer
    drained(greenfield)
    delivery, tries, reaction = told(greenfield)
    assert tries == [("failed", reason)]
    assert reaction.error == reason
    assert reaction.state == (ReactionState.DEAD if permanent else ReactionState.WAITING)
    assert delivery.state == (DeliveryState.FAILED if permanent else DeliveryState.QUEUED)


def test_a_server_that_is_not_there_stops_the_lane_and_not_the_message(greenfield, settings):
    settings.EMAIL_URL = "smtp://127.0.0.1:1"
    for learner in greenfield.learners[:3]:
        scan(greenfield, learner)
    drained(greenfield)
    with school_scope(greenfield.ref):
        assert list(Attempt.objects.values_list("outcome", "error")) == [("failed", "unreachable")]
        assert Delivery.objects.filter(state=DeliveryState.QUEUED).count() == 1 or Delivery.objects.count() == 3
        assert not Reaction.objects.filter(state=ReactionState.DEAD).exists()


def test_the_attempt_is_written_before_the_world_is_called(greenfield, monkeypatch):
    seen = []

    def send(mail, *, school, now):
        with school_scope(school):
            seen.extend(Attempt.objects.values_list("outcome", flat=True))

    monkeypatch.setattr(email, "send", send)
    scan(greenfield, greenfield.learners[0])
    drained(greenfield)
    assert seen == ["started"]
    assert told(greenfield)[1] == [("sent", "")]


def test_what_was_sent_is_not_sent_again(greenfield, smtp):
    scan(greenfield, greenfield.learners[0])
    drained(greenfield)
    with school_scope(greenfield.ref):
        Reaction.objects.update(state=ReactionState.WAITING)  # as after a kill between the mail and its reaction's end
        Reaction.objects.filter(handler="messaging.tell_guardians").update(state=ReactionState.DONE)
    drained(greenfield)
    assert len(smtp.mails) == 1
    assert told(greenfield)[1] == [("sent", "")]


def test_a_mailbox_takes_a_repeated_mail_once(greenfield, monkeypatch):
    real = email.send

    def send(mail, *, school, now):
        real(mail, school=school, now=now)
        raise ChannelError("killed_after_it")

    monkeypatch.setattr(email, "send", send)
    scan(greenfield, greenfield.learners[0])
    drained(greenfield)
    monkeypatch.setattr(email, "send", real)
    drained(greenfield, at=MORNING + FORWARD)
    with school_scope(greenfield.ref):
        assert MailboxEntry.objects.count() == 1
    assert told(greenfield)[0].state == DeliveryState.SENT


def test_old_news_is_not_delivered_and_its_delivery_says_so(greenfield, smtp):
    scan(greenfield, greenfield.learners[0])
    smtp.answers["END"] = "451 later"
    drained(greenfield)
    drained(greenfield, at=MORNING + timedelta(hours=2, seconds=1))
    delivery, tries, reaction = told(greenfield)
    assert reaction.state == ReactionState.EXPIRED
    assert (delivery.state, tries[-1]) == (DeliveryState.FAILED, ("failed", "expired"))
    assert len(smtp.mails) == 1


@pytest.mark.parametrize("environment", ["uat", "production"])
def test_outside_local_a_missing_mail_server_is_an_error_and_nothing_is_dropped(greenfield, settings, environment):
    settings.EMAIL_URL, settings.ENVIRONMENT = "", environment
    scan(greenfield, greenfield.learners[0])
    drained(greenfield)
    delivery, tries, reaction = told(greenfield)
    assert tries == [("failed", "no_email_url")]
    assert (reaction.state, delivery.state) == (ReactionState.WAITING, DeliveryState.QUEUED)
    with school_scope(greenfield.ref):
        assert MailboxEntry.objects.count() == 0


@pytest.mark.parametrize(
    ("url", "port", "ssl", "starttls", "user"),
    [
        ("smtps://me:p%40ss@mail.example", 465, True, False, "me"),
        ("smtp://me:p%40ss@mail.example:587", 587, False, True, "me"),
        ("smtp://mail.example", 25, False, False, ""),
        ("smtp://me:p%40ss@localhost:1025", 1025, False, False, "me"),
    ],
)
def test_the_url_says_how_to_speak(settings, url, port, ssl, starttls, user):
    settings.EMAIL_URL = url
    server = mail.server()
    assert (server.port, server.use_ssl, server.use_tls, server.username) == (port, ssl, starttls, user)
    assert server.password == ("p@ss" if user else "")
    assert server.timeout == mail.TIMEOUT


@pytest.mark.parametrize("url", ["http://mail.example", "smtp:///nowhere"])
def test_a_url_that_is_no_mail_server_is_an_error(greenfield, settings, url):
    settings.EMAIL_URL = url
    with pytest.raises(ChannelError, match="bad_email_url"):
        mail.server()


def test_the_moment_is_the_one_of_the_first_success(greenfield, smtp):
    scan(greenfield, greenfield.learners[0])
    drained(greenfield, at=MORNING + FORWARD)
    assert told(greenfield)[0].sent_at == MORNING + FORWARD
    assert isinstance(told(greenfield)[0].sent_at, datetime)
