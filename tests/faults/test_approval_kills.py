"""An approval killed with SIGKILL before and after every commit: one account with its scope, or none; the mail once."""

import signal
from datetime import timedelta

import pytest
from django.utils import timezone

from shared_apps.access.models import AccessRequest
from shared_apps.access.services import letting_in, requests
from shared_apps.audit.models import PlatformEvent
from shared_apps.groups.models import Circle
from shared_apps.identity.models import Link, Login, Membership
from shared_apps.identity.services.sign_in import email_hash
from shared_apps.post import services as post
from shared_apps.post.models import Letter, MailboxEntry
from shared_apps.schools.models import Draft, Onboarding
from shared_apps.workflows.models import Run
from tenant_apps.events.models import Particulars
from tenant_apps.people.models import Staff
from tenants.scope import school_scope
from tests.access.people import mails, super_admin, waiting
from tests.faults.dying_approval import approve
from tests.processes import Process

pytestmark = pytest.mark.processes
WHENS = ("before", "after")
SUBJECT = "Your request for access was approved"


def killed(kind, number, when, database, tmp_path, request=""):
    """Whether the process was killed at that commit; it ends by itself when it makes fewer."""
    log = tmp_path / f"{kind}-{number}-{when}.log"
    words = ["-m", "tests.faults.dying_approval", kind, str(number), when, str(request)]
    ended = Process(words, database, log).ended()
    assert ended in (-signal.SIGKILL, 3), log.read_text()
    return ended == -signal.SIGKILL


def resumed():
    """How many the clock finishes once whoever decided had their half minute."""
    left = AccessRequest.objects.filter(state="letting_in")
    left.update(decided_at=timezone.now() - timedelta(minutes=1))
    return letting_in.resume(now=timezone.now())


def address(asked):
    return requests.said_in(asked).work_email


def made_of(asked, cast):
    """How much there is of somebody: accounts, roles, rows in the school and their events, circles, onboardings."""
    held = Login.objects.filter(email_hash=email_hash(address(asked)))
    with school_scope(cast.ref):
        staff = [one.id for one in Staff.objects.all() if one.email == address(asked)]
        told = list(Particulars.objects.filter(event__kind="people.staff_hired").values_list("values", flat=True))
        hired = sum(str(key) in repr(values) for key in staff for values in told)
    return {
        "login": held.count(), "role": Membership.objects.filter(login__in=held).count(), "staff": len(staff),
        "hired": hired, "circle": Circle.objects.filter(keepers__in=held).count(),
        "link": Link.objects.filter(login__in=held).count(),
        "onboarding": Onboarding.objects.filter(pk=asked.outcome.get("onboarding")).count(),
        "letter": Letter.objects.filter(once__startswith=f"access:{asked.id}:approved").count(),
        "event": PlatformEvent.objects.filter(kind="access.approved", body__contains=str(asked.id)).count(),
    }  # fmt: skip


ONE = {"login": 1, "role": 1, "staff": 0, "hired": 0, "circle": 0, "link": 1, "onboarding": 0, "letter": 1, "event": 1}
WHOLE = {
    "operator": ONE, "super_admin": ONE, "regional_admin": {**ONE, "role": 2}, "local_operator": {**ONE, "circle": 1},
    "school_admin": {**ONE, "staff": 1, "hired": 1}, "new_school": {**ONE, "role": 0, "onboarding": 1},
}  # fmt: skip


def assert_whole(asked, kind, cast):
    asked.refresh_from_db()
    assert asked.state == "approved" and made_of(asked, cast) == WHOLE[kind]
    if kind == "school_admin":
        with school_scope(cast.ref):
            (person,) = [one.id for one in Staff.objects.all() if one.email == address(asked)]
        assert Membership.objects.get(login=asked.account).person == person, "the role is of the row in the school"


def new_request(kind, number, when):
    asked = waiting(work_email=f"{kind}-{number}-{when}@asks.example", organization=f"Org {kind} {number} {when}")
    if kind == "super_admin":
        approve(kind, asked.id, "second@example.com")
    return asked


@pytest.mark.parametrize(
    ("kind", "commits"),
    [("operator", 1), ("super_admin", 1), ("regional_admin", 1), ("local_operator", 1), ("new_school", 1),
     ("school_admin", 3)],
)  # fmt: skip
def test_a_kill_around_each_commit_of_an_approval_leaves_somebody_whole_or_nobody(
    real_commits, greenfield, tmp_path, kind, commits
):
    super_admin("second@example.com")
    came = []
    for number in range(1, commits + 1):
        for when in WHENS:
            asked = new_request(kind, number, when)
            assert killed(kind, number, when, real_commits, tmp_path, asked.id), (number, when)
            resumed()
            asked.refresh_from_db()
            came.append(asked.state)
            if asked.state != "approved":
                assert set(made_of(asked, greenfield).values()) == {0}, "nobody, nowhere"
                approve(kind, asked.id)
            assert_whole(asked, kind, greenfield)
            assert resumed() == 0
            assert_whole(asked, kind, greenfield)
            assert [one["subject"] for one in mails(address(asked))].count(SUBJECT) == 1
    assert came[0] in ("waiting", "second") and set(came[1:]) == {"approved"}, "once it is decided it is finished"
    last = new_request(kind, commits + 1, "before")
    assert not killed(kind, commits + 1, "before", real_commits, tmp_path, last.id), "there are more commits to die at"
    assert_whole(last, kind, greenfield)
    if kind == "new_school":
        assert Run.objects.count() == Draft.objects.count() == Onboarding.objects.count() == 2 * commits + 1


def test_a_kill_around_each_commit_of_the_clocks_finishing_is_gone_on_from(real_commits, greenfield, tmp_path):
    for number in (1, 2):
        for when in WHENS:
            asked = new_request("school_admin", number, when)
            assert killed("school_admin", 1, "after", real_commits, tmp_path, asked.id)
            assert killed("finish", number, when, real_commits, tmp_path)
            assert resumed() == (0 if (number, when) == (2, "after") else 1)
            assert_whole(asked, "school_admin", greenfield)
    assert not killed("finish", 1, "before", real_commits, tmp_path), "nothing is left to finish"


def test_a_kill_around_each_commit_of_the_post_sends_one_mail(real_commits, greenfield, tmp_path):
    """A letter that was handed over and not crossed off goes again under the same Message-ID: the mailbox keeps one."""
    for number in range(1, 9):
        died = []
        for when in WHENS:
            asked = new_request("operator", number, when)
            post.drain(now=timezone.now())
            approve("operator", asked.id)
            died.append(killed("post", number, when, real_commits, tmp_path))
            post.drain(now=timezone.now() + timedelta(minutes=5))
            assert [one["subject"] for one in mails(address(asked))].count(SUBJECT) == 1
        if not any(died):
            break
    assert number >= 3, "claimed, handed over, crossed off"
    assert MailboxEntry.objects.values("reference").distinct().count() == MailboxEntry.objects.count()
    assert AccessRequest.objects.exclude(state="approved").count() == 0
