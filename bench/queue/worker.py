"""The product's worker with one more reaction, whose effect is a row that says when it was made."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from datetime import datetime, timedelta  # noqa: E402

from config.schedules import SCHEDULES  # noqa: E402
from tenants import worker  # noqa: E402
from tenants.ids import new_id  # noqa: E402
from tenants.lanes import Lane  # noqa: E402
from tenants.pipeline import send  # noqa: E402
from tenants.reactions import Happened, reaction  # noqa: E402

KIND = "bench.happened"
TABLE = "CREATE TABLE {s}.bench_effect (id uuid PRIMARY KEY, event uuid NOT NULL, at timestamptz NOT NULL)"
EFFECT = "INSERT INTO {s}.bench_effect (id, event, at) VALUES (%s, %s, clock_timestamp())"


@reaction(KIND, name="bench.effect", lane=Lane.EVENTS, pipelined=True)
def effect(event: Happened, *, now: datetime) -> None:
    send(EFFECT, [new_id(), event.id])


if __name__ == "__main__":
    # The outbox's own clock alone: the queue's side of the comparison has its scheduler switched off, too.
    worker.run({"events.sweep": SCHEDULES["events.sweep"]}, stale_after=timedelta(minutes=10))
