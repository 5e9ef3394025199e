"""A scan becomes a mail to each guardian who may be contacted, in that guardian's language."""

from datetime import timedelta

import pytest

from tenant_apps.events.models import Event, Particulars, Reaction, ReactionState
from tenant_apps.messaging.models import Attempt, Delivery, DeliveryState, MailboxEntry, Message
from tenant_apps.people.models import Guardian, Guardianship, Learner
from tenants.scope import school_scope
from tests.messaging.scans import drained, scan
from tests.world import MORNING


def mailbox(cast):
    with school_scope(cast.ref):
        return list(MailboxEntry.objects.order_by("to"))


def test_a_scan_becomes_a_mail_in_the_school_s_own_mailbox(greenfield, riverside):
    event = scan(greenfield, greenfield.learners[0])
    drained(greenfield)
    (mail,) = mailbox(greenfield)
    assert mail.to == "guardian0@grfcanary.example"
    assert mail.subject == f"Arrived at school: Learner0 {greenfield.canary}"
    assert f"Learner0 {greenfield.canary} arrived at Greenfield Primary at 07:12 on 2026-11-20." in mail.text
    assert mail.sent_at == MORNING
    assert mailbox(riverside) == []
    with school_scope(greenfield.ref):
        message = Message.objects.get()
        assert (message.event, message.kind, message.language) == (event.id, "arrived", "en")
        assert Event.objects.filter(kind="messaging.message_queued", at=MORNING).count() == 1


SENTENCES = [
    ("in", "ok", "Arrived at school", "By die skool aangekom", "Umfundi ufikile esikoleni"),
    ("in", "late_arrival", "Arrived late at school", "Laat by die skool aangekom",
     "Umfundi ufike esikoleni emva kwesikhathi"),
    ("out", "ok", "Left school", "Van die skool vertrek", "Umfundi uphumile esikoleni"),
    ("out", "late_pickup", "Collected late from school", "Laat by die skool afgehaal",
     "Umfundi ulandwe emva kwesikhathi esikoleni"),
]  # fmt: skip


@pytest.mark.parametrize(("direction", "code", "en", "af", "zu"), SENTENCES)
def test_each_guardian_reads_their_own_language(greenfield, direction, code, en, af, zu):
    for learner in greenfield.learners[:3]:
        scan(greenfield, learner, direction=direction, code=code)
    drained(greenfield)
    mails = mailbox(greenfield)
    assert [mail.language for mail in mails] == ["en", "af", "zu"]
    for place, (mail, subject) in enumerate(zip(mails, (en, af, zu), strict=True)):
        name = f"Learner{place} {greenfield.canary}"
        assert mail.subject == f"{subject}: {name}"
        assert all(word in mail.text for word in (name, "Greenfield Primary", "07:12", "2026-11-20"))
    assert f"Umfundi: Learner2 {greenfield.canary}." in mails[2].text  # set off with a colon


@pytest.mark.parametrize(
    "code",
    ["already_in", "already_out", "unknown_badge", "other_school", "revoked_badge", "inactive_learner", "restricted",
     "lockdown"],
)  # fmt: skip
def test_nobody_is_told_of_a_refused_or_repeated_scan(greenfield, code):
    scan(greenfield, greenfield.learners[0], code=code)
    drained(greenfield)
    assert mailbox(greenfield) == []


def test_a_guardian_who_may_not_be_contacted_is_not_told_and_every_other_one_is(greenfield):
    learner = greenfield.learners[4]  # their one guardian may not be contacted
    with school_scope(greenfield.ref):
        for place in (0, 1):
            guardian = Guardian.objects.get(given_name=f"Guardian{place}")
            Guardianship.objects.create(learner=learner, guardian=guardian, relation="aunt_uncle")
    scan(greenfield, learner)
    drained(greenfield)
    assert [mail.to for mail in mailbox(greenfield)] == ["guardian0@grfcanary.example", "guardian1@grfcanary.example"]


def test_a_guardian_without_an_address_is_a_failed_delivery_that_can_be_seen(greenfield):
    with school_scope(greenfield.ref):
        guardian = Guardian.objects.get(given_name="Guardian0")
        guardian.email = ""
        guardian.save()
    scan(greenfield, greenfield.learners[0])
    drained(greenfield)
    with school_scope(greenfield.ref):
        assert Delivery.objects.get().state == DeliveryState.FAILED
        assert list(Attempt.objects.values_list("outcome", "error")) == [("failed", "no_address")]
        assert Event.objects.filter(kind="messaging.delivery_failed").count() == 1
        assert not Reaction.objects.filter(handler="messaging.deliver").exists()


def test_an_erased_learner_sets_nothing_off(greenfield):
    event = scan(greenfield, greenfield.learners[0])
    with school_scope(greenfield.ref):
        Particulars.objects.filter(event_id=event.id).delete()
    drained(greenfield)
    assert mailbox(greenfield) == []
    with school_scope(greenfield.ref):
        assert Reaction.objects.get(handler="messaging.tell_guardians").state == ReactionState.DONE


def test_two_hours_later_nobody_is_told(greenfield):
    scan(greenfield, greenfield.learners[0])
    drained(greenfield, at=MORNING + timedelta(hours=2, seconds=1))
    assert mailbox(greenfield) == []
    with school_scope(greenfield.ref):
        assert Reaction.objects.get(handler="messaging.tell_guardians").state == ReactionState.EXPIRED


def test_the_same_scan_twice_through_the_reaction_tells_once(greenfield):
    scan(greenfield, greenfield.learners[0])
    drained(greenfield)
    drained(greenfield)
    assert len(mailbox(greenfield)) == 1


def test_a_name_that_would_break_a_header_or_a_column_is_still_sent(greenfield):
    with school_scope(greenfield.ref):
        Learner.objects.filter(pk=greenfield.learners[0].pk).update(
            given_name="100% Nom\nBcc: all@example.com", family_name="Ü" * 100
        )
    scan(greenfield, greenfield.learners[0])
    drained(greenfield)
    (mail,) = mailbox(greenfield)
    assert mail.subject.startswith("Arrived at school: 100% Nom Bcc: all@example.com Ü")
    assert "\n" not in mail.subject


def test_no_event_s_body_holds_a_person(greenfield):
    scan(greenfield, greenfield.learners[0])
    drained(greenfield)
    with school_scope(greenfield.ref):
        for body in Event.objects.values_list("body", flat=True):
            assert greenfield.canary not in body and greenfield.canary.lower() not in body
