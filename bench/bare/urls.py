"""A scan in one school by a bare view: the product's own statements, one after the other, and nothing around them.

Nobody is signed in, no school is entered, no rule but the bell and the close is asked.
"""

import hashlib
import json
import os
import secrets
import uuid
from datetime import UTC, datetime, timedelta
from datetime import time as Clock
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.http import HttpRequest
from django.urls import path
from django.utils import timezone
from ninja import NinjaAPI

from bench.shapes import LearnerOut, ScanIn, ScanOut

ZONE = ZoneInfo("Africa/Johannesburg")
HANDLERS = json.loads(os.environ["BENCH_HANDLERS"])  # [name, lane] as the product's own registry has them
SQL = json.loads(os.environ["BENCH_STATEMENTS"])  # name -> text, of one school


api = NinjaAPI(docs_url=None, openapi_url=None)


@api.post("/bare", response={201: ScanOut})
def bare(request: HttpRequest, body: ScanIn) -> Any:
    now, at = timezone.now(), body.scanned_at.astimezone(UTC)
    local = at.astimezone(ZONE)
    start = datetime.combine(local.date(), Clock(0), ZONE)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SQL["badges"], [[body.badge]])
        _, _, learner, given, family, *_ = cursor.fetchone()
        cursor.execute(SQL["gates"], [[local.date()], [local.date()], [body.gate]])
        _, _, bell, close, *_ = cursor.fetchone()
        cursor.execute(SQL["scans"], [[body.scan_id], [body.badge], [start], [start + timedelta(1)], [body.scan_id]])
        last = max(cursor.fetchall(), key=lambda row: row[7], default=None)
        here = bool(last and last[3] == "in")
        code = "ok"
        if not here and local.time() > bell:
            code = "late_arrival"
        if here and local.time() > close:
            code = "late_pickup"
        direction = "out" if here else "in"
        digest = hashlib.sha256(f"{body.badge}{body.gate}{body.scanned_at}".encode()).hexdigest()
        scan = (body.scan_id, learner, body.gate, direction, "admitted", code, not here, at, now, digest)
        cursor.execute(SQL["scan"], _one(*scan, body.badge, "auto", None))
        event, values, text = _story(body, direction, code, str(learner))
        cursor.execute(SQL["event"], _one(event, "gate.scan_recorded", at, now, "x", text))
        cursor.execute(SQL["beside"], _one(uuid.uuid4(), event, values))
        follow = [(uuid.uuid4(), event, name, lane, now, None) for name, lane in HANDLERS]
        cursor.execute(SQL["follow"], [list(column) for column in zip(*follow, strict=True)])
        cursor.execute(SQL["presence"], _one(uuid.uuid4(), learner, not here, at, body.gate))
    return 201, ScanOut(
        scan_id=body.scan_id, verdict="admitted", code=code, direction=direction,
        learner=LearnerOut(id=learner, name=f"{given} {family}"), on_site=not here, scanned_at=body.scanned_at,
        recorded_at=now, skew_seconds=round((now - body.scanned_at) / timedelta(seconds=1)),
    )  # fmt: skip


def _one(*values: Any) -> list[list[Any]]:
    return [[value] for value in values]


def _story(body: ScanIn, direction: str, code: str, learner: str) -> tuple[uuid.UUID, str, str]:
    """The event's id, its particulars and its body."""
    salt = secrets.token_hex(16)
    committed = hashlib.sha256(bytes.fromhex(salt) + json.dumps(learner).encode()).hexdigest()
    facts = {"scan": str(body.scan_id), "gate": str(body.gate), "direction": direction, "code": code}
    text = {"v": 1, "kind": "gate.scan_recorded", "facts": facts, "commitments": {"learner": committed}}
    return uuid.uuid4(), json.dumps({"learner": {"salt": salt, "value": learner}}), json.dumps(text, sort_keys=True)


urlpatterns = [path("", api.urls)]
