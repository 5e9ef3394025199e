"""A bare Django: its own database backend, one middleware, no sign-in, no schools."""

import os
from urllib.parse import parse_qs, unquote, urlsplit

_url = urlsplit(os.environ["STOCK_DATABASE_URL"])
SECRET_KEY = "bench-only-" + "x" * 40
DEBUG = False
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "bench.bare.urls"
USE_TZ = True
TIME_ZONE = "UTC"
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _url.path.lstrip("/"), "USER": unquote(_url.username or ""), "PASSWORD": unquote(_url.password or ""),
        "HOST": parse_qs(_url.query)["host"][0], "PORT": "",
        "CONN_MAX_AGE": None,  # kept for ever, one a thread
        "OPTIONS": {"assume_role": "owner"},
    }
}  # fmt: skip
