"""django-tenants as its documentation sets it up, on the same tables: hostname middleware, ORM, HS256, same pool."""

import os
from urllib.parse import parse_qs, unquote, urlsplit

_url = urlsplit(os.environ["STOCK_DATABASE_URL"])
SECRET_KEY = "bench-only-" + "x" * 40
DEBUG = False
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "bench.stock.urls"
WSGI_APPLICATION = "bench.stock.wsgi.application"
USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SHARED_APPS = ["django_tenants", "django.contrib.contenttypes", "bench.stock"]
TENANT_APPS = ["django.contrib.contenttypes"]
INSTALLED_APPS = SHARED_APPS
TENANT_MODEL = "stock.Tenant"
TENANT_DOMAIN_MODEL = "stock.Domain"
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
MIDDLEWARE = ["django_tenants.middleware.main.TenantMainMiddleware", "django.middleware.common.CommonMiddleware"]
DATABASES = {
    "default": {
        "ENGINE": "django_tenants.postgresql_backend",
        "NAME": _url.path.lstrip("/"), "USER": unquote(_url.username or ""), "PASSWORD": unquote(_url.password or ""),
        "HOST": parse_qs(_url.query)["host"][0], "PORT": "",
        # Kept for ever, one a thread: quicker than a pool, and the pool of this backend does not come up here.
        "CONN_MAX_AGE": None,
        "OPTIONS": {"assume_role": "owner"},
    }
}  # fmt: skip
