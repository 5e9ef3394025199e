"""The web process. It never holds the migrator's or the administrator's login."""

import os
import sys

from django.core.wsgi import get_wsgi_application

from config import env, logs

os.environ.setdefault("PROCESS", "web")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
for _name in env.not_for(env.process_kind()):
    os.environ.pop(_name, None)
try:
    application = get_wsgi_application()
    logs.keep_crashes_silent()
except env.BadEnvironment as wrong:
    sys.exit(str(wrong))
