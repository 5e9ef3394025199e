"""The learners' calls."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router

from tenant_apps.people.models import Guardianship
from tenant_apps.people.services.guardians import guardians_of
from tenant_apps.roster.schemas import LearnerRecordOut, LearnersOut, LearnersQuery
from tenant_apps.roster.services import learners
from tenant_apps.roster.services.learners import Sight, Sought
from tenants.door import Within, actor_of, api
from tenants.permissions import Permission, may

router = Router(tags=["learners"])


@api(
    router, "GET", "/learners", permission=Permission.LEARNERS_READ, within=Within.SCHOOL, audit=None,
    response=LearnersOut, by_alias=True,
)  # fmt: skip
def learner_list(request: HttpRequest, query: Query[LearnersQuery]) -> dict[str, Any]:
    """Learners by name; a teacher's own classes', everybody else's all."""
    actor = actor_of(request)
    after = learners.place(query.cursor)
    sought = Sought(query.state, query.search, learners.class_in_sight(actor, query.class_))
    now = timezone.now()
    found = learners.find(actor, sought, now=now)
    page, following = learners.page_of(found, after=after, limit=query.limit, now=now)
    return {"items": [learner_out(sight) for sight in page], "next": following}


@api(
    router, "GET", "/learners/{learner_id}", permission=Permission.LEARNERS_READ, within=Within.SCHOOL, audit=None,
    response=LearnerRecordOut, by_alias=True, exclude_unset=True,
)  # fmt: skip
def learner_record(request: HttpRequest, learner_id: str) -> dict[str, Any]:
    """One learner; with guardians for school admins."""
    actor = actor_of(request)
    sight = learners.one(actor, learner_id, now=timezone.now())
    answer = learner_out(sight)
    if may(actor, Permission.GUARDIANS_READ):
        answer["guardians"] = [guardian_out(tie) for tie in guardians_of(sight.learner)]
    return answer


def learner_out(sight: Sight) -> dict[str, Any]:
    learner, badge = sight.learner, sight.badge
    group = learner.class_group
    return {
        "id": learner.id,
        "name": learner.name,
        "class_": {"id": group.id, "name": group.name} if group else None,
        "grade": group.grade if group else None,
        "badge": {"code": badge.code, "state": badge.state} if badge else None,
        "on_site": sight.on_site,
    }


def guardian_out(tie: Guardianship) -> dict[str, Any]:
    guardian = tie.guardian
    return {
        "id": guardian.id,
        "name": guardian.name,
        "relation": tie.relation,
        "language": guardian.language,
        "email": guardian.email,
        "phone": guardian.phone,
        "may_contact": tie.may_contact,
        "may_collect": tie.may_collect,
    }
