"""The queue as its own documentation sets it up on the ORM broker, on Django's own database backend."""

import os

from config.settings import DATABASES as OURS
from config.settings import SECRET_KEY as SECRET_KEY

INSTALLED_APPS = ["django_q"]
_LOGIN = OURS["default"]
DATABASES = {
    "default": {
        **{name: _LOGIN[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")},
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": None,  # kept open, as ours are: far quicker than its default of one connection a query
    }
}
Q_CLUSTER = {
    "name": "stock", "workers": int(os.environ["BENCH_WORKERS"]),
    "timeout": 90, "retry": 120, "queue_limit": 50, "bulk": 10, "orm": "default",
    "scheduler": False, "log_level": "WARNING",  # the schedules in this database are the product's
}  # fmt: skip
USE_TZ = True
TIME_ZONE = "UTC"
