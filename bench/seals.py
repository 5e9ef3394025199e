"""Sealing and checking history, against plain SHA-256 over the same bytes.

Checking a million events is measured twice: the product's check on rows in memory (links, leaves, tree, signatures; no
database), and the one-file verifier on an export on disk, reading and parsing included. Sealing is measured in the
database: 32 writers' 1,000 events each are recorded through the product, then sealed.
"""

import hashlib
import json
import os
import secrets
import tempfile
import threading
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
MILLION_IN_DATABASE = int(os.environ.get("BENCH_EVENTS", str(MILLION)))
BIG_PART = 1_000
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


def beside() -> Iterator[Figure]:
    """32 writers x 1,000 events while two sealers run: what is sealed at the end has no gap and leaves nothing out."""
    rounds = []
    for _ in range(ROUNDS):
        school = _school()
        over = threading.Event()
        with ThreadPoolExecutor(2) as pair:
            sealers = [pair.submit(_seal_until, school, over) for _ in range(2)]
            with ThreadPoolExecutor(WRITERS) as crowd:
                ours = timed(lambda: list(crowd.map(lambda number: _write(school, number), range(WRITERS))))  # noqa: B023
            over.set()
            beats = sum(one.result() for one in sealers)
        jobs.seal(school=school)
        with school_scope(school), connections[school.alias].cursor() as cursor:
            cursor.execute("SELECT count(*), min(seq), max(seq) FROM events_seal")
            _must(cursor.fetchone() == (WRITERS * EACH, 1, WRITERS * EACH))
            cursor.execute("SELECT count(*) FROM events_checkpoint")
            _must(cursor.fetchone()[0] > 1)  # they did run beside the writers
        report = auditing.of_school(school).checked()
        _must(report.good and report.size == WRITERS * EACH)
        alone = _school()
        with ThreadPoolExecutor(WRITERS) as crowd:
            plain = timed(lambda: list(crowd.map(lambda number: _write(alone, number), range(WRITERS))))  # noqa: B023
        rounds.append((ours, plain))
        print(f"{beats} turns of the sealers")
    ours, plain = median(pair[0] for pair in rounds), median(pair[1] for pair in rounds)
    told = (
        f"{WRITERS} writers x {EACH} events with 2 sealers running, against the same writers alone; no gap; {SETTINGS}"
    )
    yield Figure("seals_writers_beside_sealers", "s", ours, plain, ours / plain, ROUNDS, told)


def _seal_until(school: SchoolRef, over: threading.Event) -> int:
    turns = 0
    try:
        while not over.wait(0.05):
            jobs.seal(school=school)
            turns += 1
    finally:
        connections.close_all()
    return turns


def _school() -> SchoolRef:
    return provisioning.provision(
        name="Bench", slug=f"seals-{secrets.token_hex(6)}", timezone="Africa/Johannesburg",
        seed=seed(bell=time(8), close_time=time(17)),
    ).ref()  # fmt: skip


def from_database() -> Iterator[Figure]:
    """`verify_audit`'s own path: a million sealed events, read, held against columns and particulars, checked."""
    school = _school()
    _fill(school, MILLION_IN_DATABASE)
    hasher, size = hashlib.sha256, 0
    pairs = []
    for _ in range(ROUNDS):
        report = []
        ours = timed(lambda: report.append(auditing.of_school(school).checked()))  # noqa: B023
        _must(report[0].good and report[0].size == MILLION_IN_DATABASE)
        with school_scope(school), connections[school.alias].cursor() as cursor:
            cursor.execute("SELECT sum(length(body)) FROM events_event")
            size = cursor.fetchone()[0]
        body = b"x" * (size // MILLION_IN_DATABASE)
        plain = timed(lambda: [hasher(body).digest() for _ in range(MILLION_IN_DATABASE)])  # noqa: B023
        pairs.append((ours, plain))
    told = f"{MILLION_IN_DATABASE} events of {size // MILLION_IN_DATABASE} bytes with particulars, from the database"
    yield _figure("seals_verify_million", pairs, told)


def _fill(school: SchoolRef, count: int) -> None:
    facts = {"gate": WHOSE, "direction": "in", "code": "accepted", "scan": WHOSE, "verdict": "admitted"}
    with ThreadPoolExecutor(2) as pair:
        list(pair.map(lambda number: _part(school, facts, number), range(0, count, BIG_PART)))
    jobs.seal(school=school)


def _part(school: SchoolRef, facts: dict[str, str], start: int) -> None:
    with school_scope(school):
        many = [
            Fact("bench.happened", WHEN, {**facts, "number": start + place}, {"learner": WHOSE})
            for place in range(BIG_PART)
        ]
        record_many(many, by=system("bench", school), now=WHEN)


BENCHMARKS = {
    "seals_check": checking, "seals": sealing, "seals_beside": beside, "seals_verify": from_database,
}  # fmt: skip
