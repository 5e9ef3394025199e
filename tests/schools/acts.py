"""What tests of new schools do over and over."""

from datetime import UTC, datetime, timedelta

from shared_apps.workflows.services.advance import advance
from shared_apps.workflows.services.registry import Lane

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
BODY = {
    "school": {"name": "Hoërskool Karoorand", "close_time": "16:30", "region": "ZA-NC"},
    "admin": {"name": "Marelize van der Merwe", "email": "marelize@karoorand.example"},
    "officer": {"name": "Sipho Dlamini", "email": "sipho@karoorand.example", "password": "vink-op-die-draad"},
}
OPERATOR = "operator@example.com"


class Clock:
    """A clock that goes on by itself, a little at every look."""

    def __init__(self, at=START, step=timedelta(seconds=1)):
        self.at, self.step = at, step

    def __call__(self):
        self.at += self.step
        return self.at


def work(clock=None, turns=60):
    """Both lanes in this process until nothing is due; the lanes in the order in which they did something."""
    clock = clock or Clock()
    done = []
    for _ in range(turns):
        lane = next((lane for lane in Lane if advance(lane, clock=clock)), None)
        if lane is None:
            return done
        done.append(str(lane))
    raise AssertionError(f"there is no end to it: {done}")


def post(client, body=BODY, **headers):
    return client.post("/api/operator/onboardings", body, content_type="application/json", headers=headers)
