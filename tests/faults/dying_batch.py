"""A process that does a batch of dead letters and is killed by SIGKILL around its n-th commit, on whichever login.

`python -m tests.faults.dying_batch BATCH_ID N before|after`. Exits 3 when that commit never came.
"""

import sys
from uuid import UUID

import django

django.setup()

from django.utils import timezone  # noqa: E402

from shared_apps.deliveries.services import batches  # noqa: E402
from tests.faults.dying_run import die_around  # noqa: E402


def main(batch: str, number: str, when: str) -> None:
    die_around(int(number), when)
    batches.work(UUID(batch), now=timezone.now())
    sys.exit(3)


if __name__ == "__main__":
    main(*sys.argv[1:])
