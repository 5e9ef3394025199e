"""The web process, whatever PROCESS says. It never holds the migrator's or the administrator's login."""

import os
import sys

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from config import env, logs

os.environ["PROCESS"] = env.WEB
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
for _name in env.not_for(env.WEB):
    os.environ.pop(_name, None)
try:
    application = get_wsgi_application()
    logs.keep_crashes_silent()
except env.BadEnvironment as wrong:
    sys.exit(str(wrong))
if settings.ENV.kind != env.WEB:  # the settings were read before this file
    sys.exit(f"This process began as {settings.ENV.kind} and does not serve people: start it as config.wsgi.")
