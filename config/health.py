"""Whether this process lives, and whether it can serve: for a load balancer, without sign-in and without details."""

import logging

from django.db import DatabaseError, connections
from django.http import HttpRequest, HttpResponse, JsonResponse

from tenants.door import Within, page
from tenants.models import School
from tenants.scope import school_scope

log = logging.getLogger("mysentinel.health")


@page(permission=None, within=Within.OPEN, audit=None)
def healthz(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"status": "ok"})


@page(permission=None, within=Within.OPEN, audit=None)
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when the platform answers, and a school too as soon as there is one."""
    try:
        school = School.objects.select_related("placement").first()
        if school is not None:
            with school_scope(school.ref()), connections[school.placement.alias].cursor() as cursor:
                cursor.execute("SELECT 1")
    except DatabaseError:
        log.exception("not ready")
        return JsonResponse({"status": "unavailable"}, status=503)
    return JsonResponse({"status": "ok"})
