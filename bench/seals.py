"""Sealing and checking history, against plain SHA-256 over the same bytes.

Checking a million events is measured twice: the product's check on rows in memory (links, leaves, tree, signatures; no
database), and the one-file verifier on an export on disk, reading and parsing included. Sealing is measured in the
database: 32 writers' 1,000 events each are recorded through the product, then sealed.
"""

import hashlib
import json
import secrets
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time
from pathlib import Path
from statistics import median
from uuid import UUID

from django.db import connections

from bench.figures import Figure, timed
from bench.ground import SETTINGS
from config import auditing
from tenant_apps.events import jobs
from tenant_apps.events.services.record import Fact, record_many
from tenant_apps.people.for_platform import seed
from tenants import provisioning, seals
from tenants.actor import system
from tenants.current import SchoolRef
from tenants.scope import school_scope
from tenants.verification import Sealed, check
from verifier import verify

MILLION = 1_000_000
CHECKPOINT_EVERY = 1_000
WRITERS, EACH, PART = 32, 1_000, 20
ROUNDS = 5
WHEN = datetime(2026, 11, 20, 5, 12, tzinfo=UTC)
WHOSE = "01900000-0000-7000-8000-000000000000"


def hashed(bodies: list[str]) -> float:
    """Seconds of plain SHA-256 over each of `bodies`."""
    return timed(lambda: [hashlib.sha256(body.encode()).digest() for body in bodies])


def checking() -> Iterator[Figure]:
    bodies = [_body(number) for number in range(MILLION)]
    rows, statements = _sealed(bodies)
    told = f"{MILLION} events of {len(bodies[0])} bytes, {len(statements)} checkpoints"
    pairs = []
    for _ in range(ROUNDS):
        ours = timed(lambda: _must(check(WHOSE, rows, statements, statements, seals.verifying_keys()).good))
        pairs.append((ours, hashed(bodies)))
    yield _figure("seals_check_million", pairs, f"{told}; in memory, no database")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export.jsonl"
        _export(path, rows, statements)
        words = [str(path), *(word for pair in seals.published_keys().items() for word in ("--key", ":".join(pair)))]
        pairs = []
        for _ in range(ROUNDS):
            ours = timed(lambda: _must(verify.main(words) == 0))
            pairs.append((ours, hashed(bodies)))
    yield _figure("seals_verifier_million", pairs, f"{told}; from a file, reading and parsing included")


def _figure(name: str, pairs: list[tuple[float, float]], settings: str) -> Figure:
    ours, plain = median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)
    return Figure(name, "s", ours, plain, ours / plain, len(pairs), f"{settings}; baseline SHA-256 of the same bytes")


def _must(true: bool) -> None:
    if not true:
        raise SystemExit("What was measured did not come out right.")


def _body(number: int) -> str:
    key = UUID(int=number)
    return (
        f'{{"actor":"system:gate","at":"2026-11-20T05:12:00+00:00","commitments":{{"learner":"{key.hex}{key.hex}"}},'
        f'"facts":{{"code":"accepted","direction":"in","gate":"{key}","scan":"{key}"}},"id":"{key}",'
        f'"kind":"gate.scan_recorded","recorded_at":"2026-11-20T05:12:00+00:00","school":"{WHOSE}","v":1}}'
    )


def _sealed(bodies: list[str]) -> tuple[list[Sealed], list[seals.Statement]]:
    head, rows, statements = seals.beginning(WHOSE), [], []
    for start in range(0, len(bodies), CHECKPOINT_EVERY):
        part = bodies[start : start + CHECKPOINT_EVERY]
        links, head = seals.sealed(head, part)
        statements.append(seals.signed(WHOSE, head, now=WHEN))
        for link, body in zip(links, part, strict=True):
            rows.append(Sealed(link.number, str(UUID(int=link.number - 1)), body, link.leaf, link.chain))
    return rows, statements


def _export(path: Path, rows: list[Sealed], statements: list[seals.Statement]) -> None:
    history = auditing.History(WHOSE, statements, statements, len(rows), lambda after, upto: [])
    with path.open("w") as out:
        history.export(out)
        for row in rows:
            line = {
                "type": "event", "seq": row.number, "event": row.event, "body": row.body, "leaf": row.leaf.hex(),
                "chain": row.chain.hex(),
            }  # fmt: skip
            out.write(json.dumps(line) + "\n")


# -- in the database --------------------------------------------------------------------------------------------------


def sealing() -> Iterator[Figure]:
    total = WRITERS * EACH
    rounds, checks = [], []
    for _ in range(ROUNDS):
        school = provisioning.provision(
            name="Bench", slug=f"seals-{secrets.token_hex(6)}", timezone="Africa/Johannesburg",
            seed=seed(bell=time(8), close_time=time(17)),
        ).ref()  # fmt: skip
        with ThreadPoolExecutor(WRITERS) as crowd:
            list(crowd.map(lambda number: _write(school, number), range(WRITERS)))  # noqa: B023
        ours = timed(lambda: jobs.seal(school=school))  # noqa: B023
        bodies = [row.body for row in auditing.of_school(school).rows()]
        _must(len(bodies) == total)
        plain = hashed(bodies)
        rounds.append((ours, plain))
        checks.append((timed(lambda: _must(auditing.of_school(school).checked().good)), plain))  # noqa: B023
    told = f"{WRITERS} writers x {EACH} events, {SETTINGS}"
    yield _figure("seals_seal_32000", rounds, f"{told}; rows, checkpoints and the second place committed")
    yield _figure("seals_check_32000", checks, f"{told}; read from the database, columns and particulars checked too")


def _write(school: SchoolRef, number: int) -> None:
    facts = {"gate": str(UUID(int=number)), "direction": "in", "code": "accepted"}
    try:
        for start in range(0, EACH, PART):
            many = [
                Fact("bench.happened", WHEN, {**facts, "number": start + place}, {"learner": str(UUID(int=place))})
                for place in range(PART)
            ]
            with school_scope(school):
                record_many(many, by=system("bench", school), now=WHEN)
    finally:
        connections["schools"].close()


BENCHMARKS = {"seals_check": checking, "seals": sealing}
