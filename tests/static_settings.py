"""Settings for tools that only read the code (mypy): the real ones, on an environment that reaches nothing."""

import base64
import os

NOWHERE = "postgresql://nobody:nothing@127.0.0.1:1/nowhere"
for name in ("PLATFORM_DATABASE_URL", "SCHOOLS_DATABASE_URL", "MIGRATOR_DATABASE_URL"):
    os.environ.setdefault(name, NOWHERE)
os.environ.setdefault("SECRET_KEY", "read-only")
os.environ.setdefault("KEK", base64.b64encode(bytes(32)).decode())
os.environ.setdefault("TOKEN_KEYS", f"k1:{base64.b64encode(bytes(32)).decode()}")

from config.settings import *  # noqa: E402, F403
