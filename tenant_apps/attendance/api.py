"""The register's call."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router

from tenant_apps.attendance.schemas import RegisterOut, RegisterQuery
from tenant_apps.attendance.services import registers
from tenant_apps.gate.rules import local_day
from tenant_apps.people.models import ClassGroup
from tenants.current import current_school
from tenants.door import Within, actor_of, api
from tenants.permissions import Permission

router = Router(tags=["attendance"])


@api(
    router, "GET", "/attendance/registers", permission=Permission.REGISTER_READ, within=Within.SCHOOL, audit=None,
    response=RegisterOut, by_alias=True,
)  # fmt: skip
def register(request: HttpRequest, query: Query[RegisterQuery]) -> dict[str, Any]:
    """A class's register of one day, every enrolled learner listed."""
    group = registers.class_for(actor_of(request), query.class_)
    day = query.date or local_day(timezone.now(), current_school().zone)
    return {"items": [row_out(row, group) for row in registers.rows_of(group, day)]}


def row_out(row: registers.Row, group: ClassGroup) -> dict[str, Any]:
    """The teacher's mark once there is one, else what the gate proposes."""
    mark = row.mark
    decided = mark.mark if mark else ""
    proposed = mark.proposed if mark else ""
    return {
        "learner": {"id": row.learner.id, "name": row.learner.name, "class_": {"id": group.id, "name": group.name}},
        "mark": decided or proposed or None,
        "source": "teacher" if decided else "gate" if proposed else None,
        "state": "confirmed" if decided else "proposed" if proposed else None,
        "reason": mark.reason or None if mark else None,
    }
