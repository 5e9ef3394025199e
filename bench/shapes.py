"""What the baselines of the scan take and answer: the product's own fields, without its checks."""

import uuid
from datetime import datetime

from ninja import Schema


class ScanIn(Schema):
    scan_id: uuid.UUID
    badge: str
    gate: uuid.UUID
    direction: str
    scanned_at: datetime


class LearnerOut(Schema):
    id: uuid.UUID
    name: str


class ScanOut(Schema):
    scan_id: uuid.UUID
    verdict: str
    code: str
    direction: str
    learner: LearnerOut | None
    on_site: bool | None
    scanned_at: datetime
    recorded_at: datetime
    skew_seconds: int
