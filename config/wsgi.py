"""The web process. It never holds the migrator's or the administrator's login."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("PROCESS", "web")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
