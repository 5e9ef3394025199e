"""A sealed history of Greenfield to work on, and two ways to check it that must agree."""

from datetime import timedelta
from pathlib import Path

import psycopg

from config import auditing
from tenant_apps.events import jobs
from tenant_apps.events.services.record import record
from tenants.actor import system
from tenants.scope import school_scope
from tests import database
from tests.world import MORNING, Cast
from verifier import verify

ROUNDS = 4
EACH = 5  # events per round, so that the checkpoints stand at 5, 10, 15 and 20


def happen(cast: Cast, times: int = 1, start: int = 0) -> None:
    with school_scope(cast.ref):
        for number in range(start, start + times):
            record(
                "test.happened", by=system("test", cast.ref), at=MORNING + timedelta(seconds=number), now=MORNING,
                facts={"number": number}, about={"learner": f"{cast.canary} {number}"}, quiet=True,
            )  # fmt: skip


def sealed_history(cast: Cast) -> None:
    for part in range(ROUNDS):
        happen(cast, EACH, part * EACH)
        jobs.seal(school=cast.ref)


def first_bad(cast: Cast, folder: Path) -> int | None:
    """What both verifiers say about Greenfield; they must say the same."""
    history = auditing.of_school(cast.ref)
    report = history.checked()
    path = folder / "export.jsonl"
    with path.open("w") as out:
        history.export(out)
    assert by_the_verifier(path) == report.bad, report
    return report.bad


def by_the_verifier(path: Path, *more: dict) -> int | None:
    about = next(verify.lines_of(str(path), "about"))
    checkpoints = [*verify.lines_of(str(path), "checkpoint"), *more]
    try:
        verify.verify(verify.lines_of(str(path), "event"), checkpoints, about["keys"], about["whose"])
    except verify.Bad as bad:
        return bad.number
    return None


class Intruder:
    """A superuser with the triggers out of the way: everything but the signing key.

    Statements name a school's tables; for the platform's history `schema` is `public` and its own stand in.
    """

    def __init__(self, name: str, schema: str, whose: str) -> None:
        self.whose = whose
        self.admin = psycopg.connect(database.ADMIN, dbname=name, autocommit=True)
        self.admin.execute(f"SET search_path = {schema}, public")
        self.admin.execute("SET session_replication_role = replica")
        self.table = "audit_platform" if schema == "public" else "events_"

    def __call__(self, statement: str, *values: object) -> list[tuple]:
        done = self.admin.execute(statement.replace("events_", self.table), values)
        return done.fetchall() if done.description else []
