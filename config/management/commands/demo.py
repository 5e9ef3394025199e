"""`make demo`: a database, three schools, a web process, a worker and a provisioner, until Ctrl-C."""

import fcntl
import os
import shutil
import socket
import sys
import time
import urllib.error
import urllib.request
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command
from django.db import connections
from django.utils import timezone

from config import catalogs, env
from config.demo import seed, sign_ins
from config.supervisor import Service, Supervisor, python
from tenants import fleet, provisioning

RUN = env.LOCAL / "run"


class Command(BaseCommand):
    help = "Set everything up, fill it with the demo's schools and run it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seed-only", action="store_true", help="make the schools and start nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.ENVIRONMENT != "local":
            raise CommandError("The demo is local only: its passwords are public.")
        RUN.mkdir(parents=True, exist_ok=True)
        with (RUN / "demo.lock").open("w") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise CommandError("The demo of this folder runs already.") from None
            try:
                self._run(seed_only=options["seed_only"])
            except KeyboardInterrupt:
                self.stderr.write("Stopped before everything was there. The next start goes on from here.")
                sys.exit(130)

    def _run(self, *, seed_only: bool) -> None:
        started = time.monotonic()
        supervisor = Supervisor(services(), RUN, env.ROOT)
        supervisor.sweep()
        if not seed_only:
            _port_must_be_free(settings.ENV.port)
        (env.ROOT / "staticfiles").mkdir(exist_ok=True)  # collected elsewhere; here the finders serve
        catalogs.compile_all(env.ROOT / "locale")
        call_command("setup_database", verbosity=0)
        if any(mark != provisioning.fingerprint()[:12] for mark, *_ in fleet.status()):
            call_command("migrate_schools")  # the code moved on since the last start
        seed.seed(now=timezone.now(), say=lambda line: supervisor.say("demo", line))
        connections.close_all()
        if not seed_only:
            supervisor.run(ready=_ready, announce=lambda: self._announce(time.monotonic() - started), tick=_renew)

    def _announce(self, seconds: float) -> None:
        emails = [email for email, *_ in sign_ins.PLATFORM]
        emails += sorted({email for plan in seed.PLANS for email in plan.signing_in})
        lines = [
            "", f"MySentinel is ready at {settings.PUBLIC_URL} (after {seconds:.0f} s). Ctrl-C stops everything.", "",
            f"  Sign in at {settings.PUBLIC_URL}/login with the password {sign_ins.PASSWORD}:", "",
            *(f"    {email}" for email in emails), "",
            f"  Mail goes to {settings.PUBLIC_URL}/dev/mailbox.",
            f"  The API is described at {settings.PUBLIC_URL}/api/docs.",
            f"  Every URL and key is in {env.LOCAL / 'env'}.", "",
        ]  # fmt: skip
        self.stdout.write("\n".join(lines))
        self.stdout.flush()


def services() -> list[Service]:
    """Web, worker and provisioner: nobody is told the administrator's login, and the migrator's the last one alone."""
    common = {name: value for name, value in os.environ.items() if name not in env.NOT_AT_RUN_TIME}
    common |= {"PYTHONUNBUFFERED": "1"}
    granian = python("-m", "granian", "--interface", "wsgi", "--no-ws", "--respawn-failed-workers", "--log-level")
    web = {
        "PROCESS": "web", "GRANIAN_HOST": "127.0.0.1", "GRANIAN_PORT": str(settings.ENV.port), "GRANIAN_WORKERS": "2",
        "GRANIAN_BLOCKING_THREADS": "4", "PROMETHEUS_MULTIPROC_DIR": str(_fresh(RUN / "metrics")),
    }  # fmt: skip
    provisioner = {"PROCESS": env.PROVISIONER, "MIGRATOR_DATABASE_URL": os.environ["MIGRATOR_DATABASE_URL"]}
    return [
        Service("web", [*granian, "warning", "config.wsgi:application"], common | web),
        Service("worker", python("manage.py", "worker"), common | {"PROCESS": "worker"}),
        Service(env.PROVISIONER, python("manage.py", env.PROVISIONER), common | provisioner),
    ]


def _fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _port_must_be_free(port: int) -> None:
    """Waits a moment for one that an earlier run is just letting go of."""
    until = time.monotonic() + 3
    while not _is_free(port):
        if time.monotonic() > until:
            raise CommandError(f"Port {port} is taken. Choose another: PORT=8001 make demo")
        time.sleep(0.1)


def _is_free(port: int) -> bool:
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _ready() -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{settings.ENV.port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _renew() -> None:
    seed.renew(now=timezone.now())
    connections.close_all()
