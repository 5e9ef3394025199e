"""The web process of a baseline; BENCH_SITE says of which."""

import os

from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = os.environ.get("BENCH_SITE", "bench.stock.settings")
application = get_wsgi_application()
