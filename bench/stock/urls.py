"""A scan by django-tenants and the ORM: the same rows written."""

import hashlib
import json
import os
import secrets
from datetime import datetime, timedelta
from datetime import time as Clock
from typing import Any
from zoneinfo import ZoneInfo

import jwt
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.urls import path
from django.utils import timezone
from ninja import NinjaAPI
from ninja.security import HttpBearer

from bench.shapes import LearnerOut, ScanIn, ScanOut
from bench.stock import models as m

ZONE = ZoneInfo("Africa/Johannesburg")
HANDLERS = json.loads(os.environ.get("BENCH_HANDLERS", "[]"))  # [name, lane] as the product's own registry has them


class Bearer(HttpBearer):
    def authenticate(self, request: HttpRequest, token: str) -> Any:
        claims = jwt.decode(token, settings.SECRET_KEY, algorithms=["HS256"])
        session = m.Session.objects.select_related("login", "school").get(pk=claims["sid"])
        roles = list(m.Membership.objects.filter(login=session.login, school=session.school, active=True))
        return session if session.revoked_at is None and roles else None


api = NinjaAPI(docs_url=None, openapi_url=None)


@api.post("/api/gate/scans", auth=Bearer(), response={201: ScanOut})
def scan(request: HttpRequest, body: ScanIn) -> Any:
    with transaction.atomic():
        return 201, _record(body)


def _record(body: ScanIn) -> ScanOut:
    now = timezone.now()
    badge = m.Badge.objects.select_related("learner__class_group").select_for_update(of=("self",)).get(code=body.badge)
    gate, profile = m.Gate.objects.get(pk=body.gate), m.Profile.objects.get()
    m.Scan.objects.filter(pk=body.scan_id).exists()
    start = datetime.combine(body.scanned_at.astimezone(ZONE).date(), Clock(0), ZONE)
    last = m.Scan.objects.filter(learner=badge.learner, verdict="admitted", scanned_at__gte=start).last()
    here = bool(last and last.direction == "in")
    local = body.scanned_at.astimezone(ZONE).time()
    code = "ok"
    if not here and local > profile.bell:
        code = "late_arrival"
    if here and local > profile.close_time:
        code = "late_pickup"
    direction = "out" if here else "in"
    digest = hashlib.sha256(f"{body.badge}{body.gate}{body.scanned_at}".encode()).hexdigest()
    made = m.Scan.objects.create(
        id=body.scan_id, badge_code=body.badge, learner=badge.learner, gate=gate, asked="auto", direction=direction,
        verdict="admitted", code=code, answer_on_site=not here, scanned_at=body.scanned_at, recorded_at=now,
        digest=digest,
    )  # fmt: skip
    values, text = _story(made, str(badge.learner_id))
    event = m.Event.objects.create(kind="gate.scan_recorded", at=made.scanned_at, recorded_at=now, actor="x", body=text)
    m.Particulars.objects.create(event=event, values=values)
    m.Reaction.objects.bulk_create(m.Reaction(event=event, handler=n, lane=lane, next_at=now) for n, lane in HANDLERS)
    m.Presence.objects.update_or_create(
        learner=badge.learner, defaults={"on_site": not here, "since": made.scanned_at, "gate": gate}
    )
    name = f"{badge.learner.given_name} {badge.learner.family_name}"
    return _answer(body, code, direction, badge.learner_id, name, not here, now)


def _story(made: Any, learner: str) -> tuple[dict[str, Any], str]:
    salt = secrets.token_hex(16)
    committed = hashlib.sha256(bytes.fromhex(salt) + json.dumps(learner).encode()).hexdigest()
    facts = {"scan": str(made.id), "gate": str(made.gate_id), "direction": made.direction, "code": made.code}
    body = {"v": 1, "kind": "gate.scan_recorded", "facts": facts, "commitments": {"learner": committed}}
    return {"learner": {"salt": salt, "value": learner}}, json.dumps(body, sort_keys=True)


def _answer(body: ScanIn, code: str, direction: str, learner: Any, name: str, here: bool, now: datetime) -> ScanOut:
    return ScanOut(
        scan_id=body.scan_id, verdict="admitted", code=code, direction=direction,
        learner=LearnerOut(id=learner, name=name), on_site=here, scanned_at=body.scanned_at, recorded_at=now,
        skew_seconds=round((now - body.scanned_at) / timedelta(seconds=1)),
    )  # fmt: skip


urlpatterns = [path("", api.urls)]
