"""A scan becomes a mail to each guardian who may be contacted, in that guardian's language."""

from uuid import uuid4

from tenant_apps.events.services.drain import drain
from tenant_apps.events.services.record import record
from tenant_apps.messaging.models import MailboxEntry
from tenants.actor import system
from tenants.scope import school_scope
from tests.world import MORNING


def scan(cast, learner, *, code="ok", direction="in", at=MORNING):
    with school_scope(cast.ref):
        return record(
            "gate.scan_recorded", by=system("test", cast.ref), at=at, now=at,
            facts={
                "scan": str(uuid4()), "gate": str(cast.gates[0].id), "direction": direction,
                "verdict": "admitted", "code": code,
            },
            about={"learner": str(learner.id)},
        )  # fmt: skip


def drained(cast, at=MORNING):
    while drain(cast.ref, clock=lambda: at):
        pass


def mailbox(cast):
    with school_scope(cast.ref):
        return list(MailboxEntry.objects.order_by("to"))


def test_a_scan_becomes_a_mail_in_the_school_s_own_mailbox(greenfield, riverside):
    scan(greenfield, greenfield.learners[0])
    drained(greenfield)
    (mail,) = mailbox(greenfield)
    assert mail.to == "guardian0@grfcanary.example"
    assert mail.subject == f"Arrived at school: Learner0 {greenfield.canary}"
    assert f"Learner0 {greenfield.canary} arrived at Greenfield Primary at 07:12 on 2026-11-20." in mail.text
    assert mail.sent_at == MORNING
    assert mailbox(riverside) == []
