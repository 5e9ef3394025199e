"""`python -m bench.queue.fill nothing COUNT`, or `... tell COUNT PATH` for one at a time: put tasks on stock's queue.

Prints, for `tell`, a line of JSON: when each was committed.
"""

import json
import logging
import random
import sys
import time

import django

django.setup()

from django_q.tasks import async_task  # noqa: E402


def main(what: str, count: int, path: str = "") -> None:
    logging.disable(logging.INFO)
    if what == "nothing":
        for _ in range(count):
            async_task("bench.queue.tasks.nothing")
        return
    committed = []
    for number in range(count):
        async_task("bench.queue.tasks.tell", path, number)
        committed.append(time.time())
        time.sleep(random.uniform(0.05, 0.15))
    print(json.dumps(committed))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:])
