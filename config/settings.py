"""Wiring. What can differ between installations comes from `config.env`."""

from typing import Any

import django.conf.locale
from csp.constants import NONE, SELF

from config import embedded, env
from config.apps import SHARED_APPS as SHARED_APPS
from config.apps import TENANT_APPS as TENANT_APPS

ENV = env.load()
BASE_DIR = env.ROOT
ENVIRONMENT = ENV.environment
DEBUG = False
SECRET_KEY = ENV.secret_key
KEK = ENV.kek
TOKEN_KEYS = ENV.token_keys
SEAL_KEYS = ENV.seal_keys
VAPID_PRIVATE_KEY = ENV.vapid_private_key
BACKUP_MARKER = ENV.backup_marker  # a file or an https:// address that holds when the last good backup ended
BACKUP_MAX_AGE_HOURS = float(env.option("BACKUP_MAX_AGE_HOURS", "26"))
PUBLIC_URL = ENV.public_url
ALLOWED_HOSTS = ENV.allowed_hosts
TRUSTED_PROXIES = ENV.trusted_proxies  # whose X-Forwarded-For is believed
EMAIL_URL = ENV.email_url
METRICS_TOKEN = ENV.metrics_token
RESPONSIBLE = ENV.responsible
HTTPS = PUBLIC_URL.startswith("https://")
LOGIN_URL = "/login"
APPEND_SLASH = False

INSTALLED_APPS = [*SHARED_APPS, *TENANT_APPS]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

MIDDLEWARE = [
    "config.middleware.RequestId",
    "config.metrics.Measure",
    "config.middleware.KnownHost",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.ContentPolicy",
    "django.middleware.common.CommonMiddleware",  # Content-Length, so that answers are not chunked
    "config.middleware.BodyLimit",
    "config.middleware.Problems",
    "django.middleware.csrf.CsrfViewMiddleware",
    "config.middleware.Identify",
    "config.middleware.KeepSignedIn",
    "config.middleware.Language",
    "config.middleware.Workspace",
    "django_htmx.middleware.HtmxMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "config.pages.shell",
            ],
        },
    }
]

# -- databases: three logins, three aliases (architecture, section 3) --------------------------------------------------

TENANT_MODEL = "tenants.School"
TENANT_DOMAIN_MODEL = "tenants.Domain"
TENANT_DB_ALIAS = "migrator"
TENANT_SYNC_ROUTER = "tenants.router.Router"
DATABASE_ROUTERS = [TENANT_SYNC_ROUTER]
SCHOOL_ROLES_MAY_LOGIN = False  # Citus opens worker connections as the current role
PG_DUMP = embedded.pg_dump()


APPLICATION = f"mysentinel {ENV.kind}"  # by which the server's own views tell our processes apart


def _alias(at: env.Database, **more: Any) -> dict[str, Any]:
    return {"NAME": at.name, "USER": at.user, "PASSWORD": at.password, "HOST": at.host, "PORT": at.port, **more}


# Hot statements are prepared per school and connection (~110 KB of plans each); not behind a transaction pooler.
PREPARE_HOT_STATEMENTS = env.option("PREPARE_HOT_STATEMENTS", "1") == "1"
PREPARED_STATEMENTS = (
    1_200  # a connection keeps, before it drops the one used longest ago: three hundred schools' scans
)
# The driver prepares nothing at all where this is None; where it is a number, that many turns must pass first.
ONLY_WHEN_ASKED = 1_000_000_000
# A thread of the web process keeps its connections, and gives them up in time to bound what a backend gathers of the
# schools it meets. No other process keeps one over a fork.
CONNECTION_SECONDS = int(env.option("CONNECTION_SECONDS", "600")) if ENV.kind == "web" else 0
SCHOOLS_PER_CONNECTION = 150  # and when it has met so many, however soon that is


def _run_time(at: env.Database, *, scoped: bool) -> dict[str, Any]:
    # A cell that is away must be found out quickly, or its requests would hold every thread.
    options: dict[str, Any] = {"server_side_binding": True, "connect_timeout": 3, "tcp_user_timeout": 10_000}
    options["application_name"] = APPLICATION
    if PREPARE_HOT_STATEMENTS:
        options["prepare_threshold"] = ONLY_WHEN_ASKED
    more: dict[str, Any] = {"ENGINE": "tenants.backend", "SCOPED": scoped, "CONN_MAX_AGE": CONNECTION_SECONDS}
    # The platform reads outside transactions, where a pooler would give a cursor's next rows to somebody else.
    return _alias(at, OPTIONS=options, DISABLE_SERVER_SIDE_CURSORS=not (scoped or PREPARE_HOT_STATEMENTS), **more)


def cell_migrator(at: env.Database) -> dict[str, Any]:
    """On Django's own backend: nothing is planned in a cell beside home, only carried out."""
    options = {"assume_role": "owner", "connect_timeout": 5, "application_name": APPLICATION}
    return _alias(at, ENGINE="django.db.backends.postgresql", OPTIONS=options)


DATABASES = {"default": _run_time(ENV.platform, scoped=False), "schools": _run_time(ENV.schools, scoped=True)}
if ENV.migrator:
    _ddl = {"assume_role": "owner", "application_name": APPLICATION}
    DATABASES["migrator"] = _alias(ENV.migrator, ENGINE="tenants.backend.ddl", OPTIONS=_ddl)
NEW_SCHOOLS_CELL = ENV.new_schools_cell
for _name, _at in ENV.cells.items():
    DATABASES[f"schools_{_name}"] = _run_time(_at, scoped=True)
for _name, _at in ENV.cell_migrators.items():
    DATABASES[f"migrator_{_name}"] = cell_migrator(_at)

# -- work behind the request -------------------------------------------------------------------------------------------

DRAINERS = int(env.option("DRAINERS", "2"))  # of the worker, in each crew that follows events up
WORKFLOW_LEASE_SECONDS = float(env.option("WORKFLOW_LEASE_SECONDS", "20"))
REACTION_LEASE_SECONDS = int(env.option("REACTION_LEASE_SECONDS", "60"))
SEAL_EVERY_SECONDS = float(env.option("SEAL_EVERY_SECONDS", "5"))  # at most one checkpoint of a school in this time
QUIET_SCHOOL_DAYS = int(env.option("QUIET_SCHOOL_DAYS", "3"))  # of its own, without anybody at the gate: went quiet
WORKER_STALE_SECONDS = int(env.option("WORKER_STALE_SECONDS", "180"))  # without a sweep, the worker gives up
Q_CLUSTER = {
    "name": "mysentinel", "orm": "default", "broker_class": "tenants.queue.TakenOnce", "workers": 2,
    "timeout": 120, "retry": 180, "poll": 0.2, "max_attempts": 1, "ack_failures": True, "catch_up": False,
    "save_limit": -1, "label": "work", "guard_cycle": 1, "queue_limit": 4,
}  # fmt: skip

# -- languages ---------------------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("af", "Afrikaans"), ("zu", "isiZulu")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"
PLATFORM_TIME_ZONE = env.option("PLATFORM_TIME_ZONE", "Africa/Johannesburg")  # of those who belong to no one school
FORMAT_MODULE_PATH = ["config.formats"]
# Django ships no isiZulu of its own.
django.conf.locale.LANG_INFO["zu"] = {"bidi": False, "code": "zu", "name": "Zulu", "name_local": "isiZulu"}

# -- files, browser rules ----------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
SCHOOL_FILES = env.LOCAL / "files"
WHITENOISE_USE_FINDERS = ENV.local
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if ENV.local
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE], "script-src": [SELF], "style-src": [SELF], "img-src": [SELF, "data:"],
        "connect-src": [SELF], "font-src": [SELF], "manifest-src": [SELF], "media-src": [SELF], "worker-src": [SELF],
        "form-action": [SELF], "frame-ancestors": [NONE], "base-uri": [NONE],
    }
}  # fmt: skip
# How long a process may remember who a token stands for; a change of rights is felt sooner (tenants/epoch.py).
IDENTITY_SECONDS = float(env.option("IDENTITY_SECONDS", "1"))
EPOCH_FILE = env.LOCAL / "run" / "epoch"
SESSION_COOKIE = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "config.pages.csrf_failed"
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
BODY_LIMIT = 2 * 1024 * 1024
LARGE_BODY_LIMIT = 16 * 1024 * 1024
LARGE_BODIES = ("/api/gate/scans/batch",)
DATA_UPLOAD_MAX_MEMORY_SIZE = LARGE_BODY_LIMIT

# Argon2id as OWASP sets it down: 19 MiB, two passes.
ARGON2 = {"time_cost": 2, "memory_cost": 19 * 1024, "parallelism": 1}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"where": {"()": "config.logs.Where"}},
    "formatters": {"line": {"()": "config.logs.JsonLine"}},
    "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["where"]}},
    "root": {"handlers": ["out"], "level": "INFO"},
    "loggers": {"django.server": {"level": "WARNING"}, "django-q": {"level": "WARNING"}},
}
SILENCED_SYSTEM_CHECKS: list[str] = []
