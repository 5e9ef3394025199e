"""A school that has just gone live, a clock of its own, and thirty days in a moment."""

from datetime import timedelta

from shared_apps.post import services as post
from shared_apps.post.services import mailbox
from shared_apps.schools.models import Onboarding, Welcome
from shared_apps.schools.services import welcome
from shared_apps.workflows.models import Run, RunState, Step
from shared_apps.workflows.services.advance import advance
from shared_apps.workflows.services.registry import Lane
from tests.operator.ground import figures
from tests.workflows.plans import START
from tests.workflows.plans import Clock as Still

LETTERS = {
    "welcome": "Welcome to MySentinel",
    "roster": "Your school has no learners yet",
    "scan": "Nobody has been scanned at your gate yet",
    "delivery": "No message has reached a guardian yet",
    "outcome": "Your school after 30 days: something is still missing",
}
BARE = {"learners": 0, "active_learners": 0, "classes": 0, "staff": 1, "last_gate_activity": None, "quiet_days": None}
WELL = {
    "learners": 300, "active_learners": 290, "classes": 9, "staff": 12, "sent_week": 990, "failed_week": 10,
    "gate_days": 10, "gate_days_used": 8,
}  # fmt: skip


class Month:
    """The first thirty days of one school. `told` is what it publishes each day; None: nothing."""

    def __init__(self, cast, told=BARE):
        self.cast, self.told, self.clock = cast, told, Still(START)
        run = Run.objects.create(workflow="schools.onboarding", key=cast.slug, started_by="test", created_at=START,
                                 state=RunState.COMPLETE)  # fmt: skip
        self.onboarding = Onboarding.objects.create(
            run=run, school=cast.ref.id, name=cast.ref.name, timezone="Africa/Johannesburg", close_time="17:00",
            admin=cast.staff["admin"].id,
        )  # fmt: skip
        welcome.begin(run.pk, START)

    @property
    def welcome(self):
        return Welcome.objects.get(pk=self.onboarding.pk)

    def publish(self):
        if self.told is not None:
            figures(self.cast.ref, now=self.clock(), **self.told)

    def work(self):
        """Everything that is due now, letters taken out too; the steps that were done."""
        self.publish()
        welcome.notice(now=self.clock())  # the clock's own job
        done = 0
        while advance(Lane.WORKER, clock=self.clock):
            done += 1
            assert done < 50
        post.drain(now=self.clock())
        return done

    def on(self, days, hours=6):
        """Live through `days`, a few hours at a time."""
        for _ in range(int(days * 24 / hours)):
            self.clock.on(hours=hours)
            self.work()

    def away(self, days):
        """Nothing runs for `days`; then it runs again."""
        self.clock.on(days=days)
        return self.work()

    def mails(self, to=None):
        """`(day, subject)` of every letter that left, in order."""
        sent = [(mail["sent_at"], mail["subject"]) for mail in mailbox(to=to or self.cast.email("admin"))]
        return [((at - START) / timedelta(days=1), subject) for at, subject in sorted(sent)]

    def subjects(self):
        return [subject for _day, subject in self.mails()]

    def fates(self):
        """What became of each letter that has had its turn."""
        steps = Step.objects.filter(run=self.welcome.run_id, state="done")
        return {step.name: step.result["fate"] for step in steps if "fate" in step.result}


def named(*letters):
    return [LETTERS[name] for name in letters]
