"""Every address of the product. Each app keeps its own; each view went through a door."""

from django.urls import include, path

from config import dev, ops, pages
from config.api import api

urlpatterns = [
    path("", pages.home),
    path("api/", api.urls),
    path("", include("shared_apps.identity.urls")),
    path("", include("shared_apps.access.urls")),
    path("", include("shared_apps.schools.urls")),
    path("", include("shared_apps.operator.urls")),
    path("", include("shared_apps.billing.urls")),
    path("s/<slug:slug>/", include("tenant_apps.gate.urls")),
    path("s/<slug:slug>/", include("tenant_apps.roster.urls")),
    path("s/<slug:slug>/", include("tenant_apps.attendance.urls")),
    path("healthz", ops.healthz),
    path("readyz", ops.readyz),
    path("metrics", ops.metrics),
    path("dev/mailbox", dev.mailbox),
    path("dev/mailbox.json", dev.mailbox_json),
]
handler404 = pages.missing
handler500 = pages.failed
