"""The calls that set a school from the platform: its entry in the directory, and what it keeps itself."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router

from shared_apps.deliveries.services.providers import providers
from shared_apps.schools.rules import mark_of
from shared_apps.schools.schemas.settings import SettingsIn, SettingsOut
from shared_apps.schools.services import directory, settings
from tenants.ask import Unavailable
from tenants.door import Within, actor_of, api
from tenants.models import School
from tenants.permissions import Permission

router = Router(tags=["schools"])
DOOR: dict[str, Any] = {"permission": Permission.SCHOOLS_SETTINGS, "within": Within.PLATFORM}
PATH = "/operator/schools/{uuid:school_id}/settings"


@api(router, "GET", PATH, **DOOR, audit=None, response=SettingsOut)
def read(request: HttpRequest, school_id: UUID) -> dict[str, Any]:
    """What is set, the ways out, and who changed what."""
    return _told(directory.one(actor_of(request), school_id))


@api(router, "PATCH", PATH, **DOOR, audit="schools.settings_changed", response=SettingsOut)
def change(request: HttpRequest, school_id: UUID, body: SettingsIn) -> dict[str, Any]:
    """Save one part. 409 `conflict` when it changed meanwhile; 503 `school_unreachable`, `school_lost` on its way."""
    actor = actor_of(request)
    school = directory.one(actor, school_id)
    part = body.directory or body.school
    assert part is not None  # the shape holds exactly one
    save = settings.change_directory if body.directory else settings.change_school
    values = part.model_dump(exclude={"seen"}, exclude_none=True)
    save(by=actor, school_id=school.id, seen=part.seen, values=values, now=timezone.now())
    return _told(directory.one(actor, school_id))


def _told(school: School) -> dict[str, Any]:
    entry, own = settings.directory_entry(school), settings.school_settings(school)
    return {
        "directory": {**entry, "seen": mark_of(entry)},
        "school": None if isinstance(own, Unavailable) else {**own, "seen": mark_of(own)},
        "providers": [{"channel": one.channel, "state": one.state} for one in providers()],
        "history": [vars(one) for one in settings.history(school.id)],
    }  # fmt: skip
