"""Once a week each school's admins get the newest checkpoint by mail, and can use it."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from config import auditing
from shared_apps.identity.models import Membership
from tenant_apps.events import jobs
from tenant_apps.events.models import Event
from tenant_apps.events.services import seal as sealing
from tenant_apps.messaging.channels import ChannelError, email
from tenant_apps.messaging.models import MailboxEntry
from tenant_apps.messaging.services.checkpoints import worded
from tenants import reactions
from tenants.actor import system
from tenants.scope import school_scope
from tests.messaging.scans import drained
from tests.seals.history import by_the_verifier, happen

WEEK = timedelta(days=7)


def announce(cast, now):
    with school_scope(cast.ref):
        return sealing.announce(by=system("test", cast.ref), now=now)


def mails(cast):
    with school_scope(cast.ref):
        return list(MailboxEntry.objects.order_by("sent_at"))


@pytest.fixture
def signed(greenfield):
    happen(greenfield, 3)
    jobs.seal(school=greenfield.ref)
    return greenfield


def test_the_admins_get_what_was_signed_and_can_check_with_it(signed, riverside, tmp_path):
    now = timezone.now() + WEEK
    assert announce(signed, now)
    drained(signed, at=now)
    (mail,) = mails(signed)
    assert mail.to == "admin@greenfield.example" and "Greenfield Primary" in mail.subject
    assert mails(riverside) == []
    kept = json.loads(mail.text[mail.text.index("{") :])
    assert kept["size"] == 3 and kept["public_key"]
    path = tmp_path / "export.jsonl"
    with path.open("w") as out:
        auditing.of_school(signed.ref).export(out)
    assert by_the_verifier(path, kept | {"place": "given"}) is None
    assert by_the_verifier(path, kept | {"place": "given", "size": 2}) == 1
    assert signed.canary not in mail.text


def test_it_comes_a_week_after_the_last_and_not_before(signed):
    now = timezone.now()
    assert not announce(signed, now)
    assert announce(signed, now + WEEK)
    assert not announce(signed, now + WEEK)
    assert not announce(signed, now + WEEK + timedelta(days=6))
    assert announce(signed, now + 2 * WEEK)
    with school_scope(signed.ref):
        assert Event.objects.filter(kind=sealing.ANNOUNCED).count() == 2


def test_a_school_without_a_checkpoint_is_told_nothing(greenfield):
    assert not announce(greenfield, timezone.now() + WEEK)
    jobs.seal_late()
    assert mails(greenfield) == []


def test_a_second_attempt_sends_nobody_a_second_mail(signed):
    now = timezone.now() + WEEK
    announce(signed, now)
    with school_scope(signed.ref):
        event = Event.objects.get(kind=sealing.ANNOUNCED)
        facts = json.loads(event.body)["facts"]
    happened = reactions.Happened(event.id, event.kind, event.at, facts, {})
    for _ in range(2):
        reactions.handler_named("messaging.mail_checkpoint").run(happened, school=signed.ref, now=now)
    assert len(mails(signed)) == 1


def test_who_is_no_admin_any_more_gets_nothing(signed):
    Membership.objects.filter(school=signed.ref.id, role="school_admin").update(active=False)
    now = timezone.now() + WEEK
    announce(signed, now)
    drained(signed, at=now)
    assert mails(signed) == []


def test_a_mail_that_does_not_go_out_is_tried_again(signed, monkeypatch):
    def refuse(*args, **kwargs):
        raise ChannelError("unreachable", unreachable=True)

    now = timezone.now() + WEEK
    announce(signed, now)
    with monkeypatch.context() as patched:
        patched.setattr(email, "send", refuse)
        drained(signed, at=now)
    assert mails(signed) == []
    drained(signed, at=now + timedelta(minutes=5))
    assert len(mails(signed)) == 1


@pytest.mark.parametrize(("language", "word"), [("en", "keep this message"), ("af", "Hou asseblief"), ("zu", "Sicela")])
def test_it_is_worded_in_the_schools_language(signed, language, word):
    subject, text = worded({"size": 3}, language=language, school=signed.ref, at=timezone.now())
    assert word in text and "Greenfield Primary" in subject + text
