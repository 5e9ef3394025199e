"""The queue's broker: first come first served, each task handed out once.

A task that is lost with its worker is only a wake-up: the sweep finds the rows. So a task that takes its worker down
is not given to the next one, which django-q's own broker would do for ever.
"""

from time import sleep

from django.db import connections
from django_q.brokers.orm import ORM
from django_q.conf import Conf

TAKE = (
    "DELETE FROM django_q_ormq WHERE id = (SELECT id FROM django_q_ormq WHERE key = %s ORDER BY id LIMIT 1"
    " FOR UPDATE SKIP LOCKED) RETURNING id, payload"
)


class TakenOnce(ORM):  # type: ignore[misc]
    def dequeue(self) -> list[tuple[int, str]] | None:
        """The oldest task, gone from the table with this statement; None after a pause when there is none."""
        try:
            with connections[Conf.ORM].cursor() as cursor:
                cursor.execute(TAKE, [self.list_key])
                taken: list[tuple[int, str]] = cursor.fetchall()
        except Exception:
            connections[Conf.ORM].close()  # or every later look would meet the same dead connection
            raise
        if not taken:
            sleep(Conf.POLL)
        return taken or None
