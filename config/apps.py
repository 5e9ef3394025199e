"""Which app stands in which world. An app is in exactly one of these lists."""

SHARED_APPS = [
    "tenants",
    "django_tenants",
    "django.contrib.contenttypes",  # django-tenants imports its model; it stays out of schools
    "django.contrib.staticfiles",
    "django_htmx",
    "django_q",
    "ninja",  # its API page is served from our own static files, not from a CDN
    "shared_apps.audit",
    "shared_apps.post",
    "shared_apps.identity",
    "shared_apps.workflows",
    "shared_apps.regions",
    "shared_apps.groups",
    "shared_apps.deliveries",
    "shared_apps.billing",
    "shared_apps.schools",
    "shared_apps.access",
    "shared_apps.operator",
    "config",  # commands only; it has no models
]

TENANT_APPS = [
    "tenant_apps.events",
    "tenant_apps.people",
    "tenant_apps.gate",
    "tenant_apps.attendance",
    "tenant_apps.roster",  # no models: pages and calls that read across the others
    "tenant_apps.messaging",
]
