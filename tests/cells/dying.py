"""Builds or drops a school in the cell `west` and is killed between the commit there and the one on the platform.

`python -m tests.cells.dying build|destroy SLUG`.
"""

import os
import signal
import sys

import django

django.setup()

from django.db import transaction  # noqa: E402

from tenants import births  # noqa: E402
from tenants.cells import MIGRATOR  # noqa: E402
from tenants.models import School  # noqa: E402
from tenants.provisioning import destroy, provision  # noqa: E402


def die(*args: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if sys.argv[1] == "build":
    with transaction.atomic(using=MIGRATOR):
        provision(name="Half", slug=sys.argv[2], timezone="Africa/Johannesburg", cell="west")
        die()
else:
    births._drop = die  # the directory has forgotten it, and the cell has not dropped it yet
    destroy(School.objects.using(MIGRATOR).select_related("placement").get(slug=sys.argv[2]))
