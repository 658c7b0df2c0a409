"""Every setting, read from the environment once. Safe by default: production needs no override to be strict.

``KAP_EMBEDDED=1`` (set by ``make demo``, ``make test`` and a bare ``manage.py``) marks a development process that
runs on the embedded PostgreSQL and Valkey; such a process may never call itself production.
"""

from __future__ import annotations

import os
import sys
import tempfile
from base64 import b64encode
from pathlib import Path
from secrets import token_bytes, token_urlsafe
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

from kapclinic.core import logs, scope
from kapclinic.described import SPECTACULAR_SETTINGS as SPECTACULAR_SETTINGS  # noqa: PLC0414  (a setting)

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

EMBEDDED = env.bool("KAP_EMBEDDED", default=False)
DEBUG = env.bool("DEBUG", default=False)
if DEBUG and not EMBEDDED:
    raise ImproperlyConfigured("DEBUG is refused outside the embedded development pair.")

# Whoever makes backups opens no field and signs nobody in: that process is handed none of the clinic's keys.
BACKS_UP = env.str("KAP_PROCESS", default="") == "backup"

SECRET_KEY = env.str("SECRET_KEY", default="")
FIELD_KEYS = env.list("FIELD_KEYS", default=[])  # first encrypts, all decrypt; base64 of 32 bytes each
if BACKS_UP:
    SECRET_KEY = SECRET_KEY or token_urlsafe(60)
    FIELD_KEYS = FIELD_KEYS or [b64encode(token_bytes(32)).decode()]
if not SECRET_KEY or not FIELD_KEYS:
    if not EMBEDDED:
        raise ImproperlyConfigured("SECRET_KEY and FIELD_KEYS must be set.")
    SECRET_KEY = SECRET_KEY or "development-only-key-never-used-in-production-0123456789"
    FIELD_KEYS = FIELD_KEYS or ["ZGV2ZWxvcG1lbnQtb25seS1maWVsZC1rZXktMzJieXQ="]

# What a SECRET_KEY has at least; 32 random bytes in hexadecimal have them.
KEY_CHARACTERS, KEY_DIFFERENT = 50, 10
if not EMBEDDED and (
    len(SECRET_KEY) < KEY_CHARACTERS
    or len(set(SECRET_KEY)) < KEY_DIFFERENT
    or SECRET_KEY.startswith(("development-only", "django-insecure-"))
):
    raise ImproperlyConfigured(
        f"SECRET_KEY can be guessed: {KEY_CHARACTERS} random characters or more are expected, "
        f"{KEY_DIFFERENT} of them different (openssl rand -hex 32)."
    )

ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "testserver"] if EMBEDDED else []
)
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "simple_history",
    "kapclinic.backup",
    "kapclinic.trail",
    "kapclinic.practice",
    "programs",
    "screening",
    "sessions.apps.SessionsConfig",
    "billing",
    "kapclinic.ui",
]

MIDDLEWARE = [
    "kapclinic.core.http.observed.Observed",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "kapclinic.core.http.middleware.Guarded",
    "kapclinic.core.http.middleware.BodyLimit",
    "kapclinic.core.http.rates.AddressLimit",
    "kapclinic.core.http.shortcut.ByToken",  # by token past all that follows
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "kapclinic.practice.middleware.SessionLifetime",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "kapclinic.core.http.shortcut.Inside",
]

ROOT_URLCONF = "kapclinic.urls"
WSGI_APPLICATION = "kapclinic.wsgi.application"
ASGI_APPLICATION = "kapclinic.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "sessions/links/templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
            ]
        },
    }
]

# --- database: the runtime role owns nothing; only `migrate` and `import_practice` connect as the owner -----

MIGRATING = sys.argv[1:2] in (["migrate"], ["import_practice"])
MIGRATION_DATABASE_URL = env.str("MIGRATION_DATABASE_URL", default="")
if MIGRATING and not MIGRATION_DATABASE_URL:
    raise ImproperlyConfigured(f"{sys.argv[1]} connects as the owner: set MIGRATION_DATABASE_URL.")


# Kind of process -> seconds that it waits for a lock, for a statement, and with a transaction in which nothing happens.
# A command (a backup, a check of the whole trail) takes its time. KAP_PATIENCE=off behind a pooler that refuses start
# options: the roles then carry them (docs/operations.md).
PATIENCE = {"web": (3, 10, 15), "worker": (10, 60, 60), "command": (0, 0, 0), "backup": (0, 0, 0)}
_STARTED = Path(sys.argv[0])
_KIND = {"manage.py": "command", "django-admin": "command", "celery": "worker"}
# `python -m celery` and `python -m django` stand in argv as that package's __main__.py.
_NAME = {"django": "django-admin"}.get(_STARTED.parent.name, _STARTED.parent.name)
PROCESS = env.str("KAP_PROCESS", default=_KIND.get(_STARTED.name) or _KIND.get(_NAME, "web"))


def _patience() -> str:
    if env.str("KAP_PATIENCE", default="on") == "off":
        return ""
    names = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
    pairs = zip(names, PATIENCE[PROCESS], strict=True)
    return " ".join(f"-c {name}={seconds}s" for name, seconds in pairs) + " -c jit=off"


SCOPE = scope.of_process(PROCESS, sys.argv)  # of all that nobody asked for


def _database() -> dict[str, Any]:
    if MIGRATING:
        owner: dict[str, Any] = env.db_url("MIGRATION_DATABASE_URL", engine="django.db.backends.postgresql")
        given = owner.get("OPTIONS", {})  # the second wall stands before the owner too
        owner["OPTIONS"] = given | {"options": f"{given.get('options', '')} -c kap.scope=all:command".strip()}
        return owner
    return _runtime(env.db_url("DATABASE_URL", engine="kapclinic.core.postgresql"))


def _runtime(runtime: dict[str, Any]) -> dict[str, Any]:
    runtime["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)
    runtime["CONN_HEALTH_CHECKS"] = True
    # The server binds and prepares: from its n-th use on, a connection's statement is parsed and planned no more.
    # 0 prepares nothing, for a pooler in transaction mode that does not know prepared statements.
    after = env.int("PREPARE_AFTER", default=3)
    given = runtime.get("OPTIONS", {})  # of the address: sslmode, sslrootcert, options and the like
    options = f"{given.get('options', '')} {_patience()}".strip()
    own = {"server_side_binding": True, "prepare_threshold": after or None}
    runtime["OPTIONS"] = given | own | ({"options": options} if options else {})
    return runtime


DATABASES = {"default": _database()}
# A standby, as the same role. `kapclinic.core.standby` alone asks it, for reports and past days, and only while what it
# shows is not older than this.
REPLICA_DATABASE_URL = env.str("REPLICA_DATABASE_URL", default="")
REPLICA_MAX_AGE_SECONDS = env.int("REPLICA_MAX_AGE_SECONDS", default=10)
if REPLICA_DATABASE_URL and not MIGRATING:
    DATABASES["replica"] = _runtime(env.db_url("REPLICA_DATABASE_URL", engine="kapclinic.core.postgresql"))
    DATABASES["replica"]["OPTIONS"]["connect_timeout"] = 2
RUNTIME_ROLE = env.db_url("DATABASE_URL", engine="django.db.backends.postgresql")["USER"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"
USE_I18N = False

# --- who may come in ---------------------------------------------------------------------------------------

AUTH_USER_MODEL = "practice.User"
AUTHENTICATION_BACKENDS = ["kapclinic.practice.auth.ClinicBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "kapclinic.practice.passwords.StrengthValidator"},
]
# Whoever brings it as `Authorization: Bearer …` sees what stands behind a part that fails. Empty: administrators alone.
LOGIN_URL = "/sign-in"
# While this file is there, a demo is still being played in: /readyz says `opening`. No real clinic has one.
OPENING_FILE = env.str("KAP_OPENING", default="") if EMBEDDED else ""
SESSION_IDLE_SECONDS = env.int("SESSION_IDLE_SECONDS", default=900)
SESSION_ABSOLUTE_SECONDS = env.int("SESSION_ABSOLUTE_SECONDS", default=12 * 3600)
TOKEN_DAYS = env.int("TOKEN_DAYS", default=30)
TOKEN_IDLE_DAYS = env.int("TOKEN_IDLE_DAYS", default=7)
# Whoever has no second factor can do nothing but set one up. Passkeys need a host name and https, or localhost.
REQUIRE_SECOND_FACTOR = env.bool("REQUIRE_SECOND_FACTOR", default=not EMBEDDED)
LOGIN_ATTEMPTS = env.int("LOGIN_ATTEMPTS", default=10)
LOGIN_LOCK_SECONDS = env.int("LOGIN_LOCK_SECONDS", default=900)
WITNESS_ATTEMPTS = env.int("WITNESS_ATTEMPTS", default=5)
WITNESS_WINDOW_SECONDS = env.int("WITNESS_WINDOW_SECONDS", default=900)
WITNESS_LOCK_SECONDS = env.int("WITNESS_LOCK_SECONDS", default=900)
SESSION_COOKIE_AGE = SESSION_IDLE_SECONDS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"

SECURE_COOKIES = env.bool("SECURE_COOKIES", default=not EMBEDDED)
SESSION_COOKIE_SECURE = SECURE_COOKIES
CSRF_COOKIE_SECURE = SECURE_COOKIES
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=not EMBEDDED)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 0 if EMBEDDED else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SECURE_REFERRER_POLICY = "same-origin"
BEHIND_PROXY = env.bool("BEHIND_PROXY", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
# How many proxies of our own a request comes through: as many entries at the end of X-Forwarded-For are theirs.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=1 if BEHIND_PROXY else 0)
# How often a minute, 0 without end: requests of one address that nobody signed in for, wrong passwords of one address,
# and requests of one account, but for those on which somebody's safety hangs.
STRANGER_PER_MINUTE = env.int("STRANGER_PER_MINUTE", default=2000)
LOGINS_PER_MINUTE = env.int("LOGINS_PER_MINUTE", default=240 if EMBEDDED else 60)
ACCOUNT_PER_MINUTE = env.int("ACCOUNT_PER_MINUTE", default=30_000 if EMBEDDED else 6_000)
X_FRAME_OPTIONS = "DENY"
# The name and the shape are those of Django 6, which sends the header itself: then the middleware's part goes.
SECURE_CSP = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'", "data:"],
    "font-src": ["'self'"],
    "connect-src": ["'self'"],
    "worker-src": ["'self'"],
    "manifest-src": ["'self'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"],
    "base-uri": ["'none'"],
    "require-trusted-types-for": ["'script'"],
    "trusted-types": ["kap-worker"],
}
# Swagger's own page writes one style element; nothing else of ours needs more than the above.
CSP_EXCEPTIONS = {"/api/v1/docs/": {"style-src": ["'self'", "'unsafe-inline'"]}}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
# Addresses that take a file, and the longest body of each in bytes. A file is held in memory and never put on the
# disk of the web process, where it would lie unsealed.
UPLOADS = {
    r"/api/v1/clients/[0-9a-f-]{36}/attachments/": 21_100_000,
    r"/api/v1/imports/": 10_100_000,
}
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = max(UPLOADS.values())
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(BASE_DIR / ".static")))
WHITENOISE_USE_FINDERS = EMBEDDED
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
# A page names its files by their content once `collectstatic` has run; in development by their plain names.
HASHED_FILES = env.bool("HASHED_FILES", default=not EMBEDDED)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "kapclinic.ui.storage.HashedFiles"
        if HASHED_FILES
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# --- API ---------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "kapclinic.practice.auth.TokenAuthentication",
        "kapclinic.practice.auth.CookieAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["kapclinic.core.http.permissions.DenyAll"],
    "DEFAULT_PARSER_CLASSES": ["kapclinic.core.http.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["kapclinic.core.http.renderers.OrjsonRenderer"],
    "DEFAULT_PAGINATION_CLASS": "kapclinic.core.http.pagination.Pages",
    "DEFAULT_SCHEMA_CLASS": "kapclinic.core.http.schema.ClinicSchema",
    "EXCEPTION_HANDLER": "kapclinic.core.http.problems.exception_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "COERCE_DECIMAL_TO_STRING": True,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
# --- Celery: the broker is a doorbell, PostgreSQL is the memory (docs/decisions) ----------------------------

VALKEY_URL = env.str("VALKEY_URL", default="")
SWEEP_SECONDS = env.int("SWEEP_SECONDS", default=60)
CELERY_BROKER_URL = VALKEY_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "celery"
# Handing out the steps waits behind nothing slow.
CELERY_TASK_ROUTES = {"sessions.sweep": {"queue": "safety"}}
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    "socket_timeout": 30,
    "socket_connect_timeout": 1,
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 25
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
# Celery would connect anew for each task. A connection is kept as the web keeps its own (kapclinic/celery.py).
CELERY_DB_REUSE_MAX = 1_000_000_000
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE = {
    "sweep": {
        "task": "sessions.sweep",
        "schedule": SWEEP_SECONDS,
        "options": {"expires": SWEEP_SECONDS * 2},
    }
}

# --- messages that leave the house --------------------------------------------------------------------------

vars().update(env.email_url("EMAIL_URL", default="dummymail://" if EMBEDDED else "consolemail://"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="no-reply@localhost")
# Where clients open links; empty: reminders carry none.
PUBLIC_URL = env.str("PUBLIC_URL", default="").rstrip("/")
if PUBLIC_URL and not EMBEDDED and not PUBLIC_URL.startswith("https://"):
    raise ImproperlyConfigured("PUBLIC_URL is an https:// address.")
SMS_WEBHOOK_URL = env.str("SMS_WEBHOOK_URL", default="")  # empty: no SMS
SMS_WEBHOOK_SECRET = env.str("SMS_WEBHOOK_SECRET", default=SECRET_KEY if EMBEDDED else "")
if SMS_WEBHOOK_URL and not EMBEDDED and not (SMS_WEBHOOK_SECRET and SMS_WEBHOOK_URL.startswith("https://")):
    raise ImproperlyConfigured("SMS_WEBHOOK_URL is an https:// address and needs SMS_WEBHOOK_SECRET.")

# --- what is told of the work: one line a request, figures, and errors to whoever is named ---------------------

LOG_FORMAT = env.str("LOG_FORMAT", default="") or logs.chosen(os.environ)
if LOG_FORMAT not in logs.FORMATS:
    raise ImproperlyConfigured("LOG_FORMAT is json or line.")
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")  # empty: /metrics is not there
if METRICS_TOKEN and len(METRICS_TOKEN) < 32:
    raise ImproperlyConfigured("METRICS_TOKEN has 32 characters or more.")
SENTRY_DSN = env.str("SENTRY_DSN", default="")  # empty: errors stand in the log alone
TRACES_URL = env.str("TRACES_URL", default="")  # of OTLP over HTTP; empty: no traces

# --- what is kept outside: the ends of the chains (kapclinic/trail/anchors.py), and backups (kapclinic/backup) --------

ANCHOR_URL = env.str("ANCHOR_URL", default="")  # file:///…, s3://… or mailto:…; empty: none are kept
# base64 of an Ed25519 key's 32 bytes: signs, and is used for nothing else
ANCHOR_KEY = env.str("ANCHOR_KEY", default="")
ANCHOR_PUBLIC_KEYS = env.list("ANCHOR_PUBLIC_KEYS", default=[])  # base64; of keys that signed before
ANCHOR_MINUTES = env.int("ANCHOR_MINUTES", default=10)
ANCHOR_BUCKET_KEY = env.str("ANCHOR_BUCKET_KEY", default="")
ANCHOR_BUCKET_SECRET = env.str("ANCHOR_BUCKET_SECRET", default="")
if ANCHOR_KEY and ANCHOR_KEY in {SECRET_KEY, *FIELD_KEYS}:
    raise ImproperlyConfigured("ANCHOR_KEY is a key of its own.")
if ANCHOR_URL and not (ANCHOR_KEY or ANCHOR_PUBLIC_KEYS):
    raise ImproperlyConfigured(
        "ANCHOR_URL needs ANCHOR_KEY, or ANCHOR_PUBLIC_KEYS where anchors are only read."
    )

BACKUP_KEY = env.list("BACKUP_KEY", default=[])  # first seals, all open; base64 of 32 bytes each
BACKUP_DATABASE_URL = env.str(
    "BACKUP_DATABASE_URL", default=""
)  # a role that may replicate and read everything
BACKUP_PROGRAMS = env.str("BACKUP_PROGRAMS", default="")  # folder of PostgreSQL's programs; empty: on PATH
BACKUP_ACCOUNT = env.str(
    "BACKUP_ACCOUNT", default="postgres"
)  # whose a scratch cluster is, when root starts it
BACKUP_SCRATCH = env.str("BACKUP_SCRATCH", default=tempfile.gettempdir())
BACKUP_HOURS = env.int("BACKUP_HOURS", default=24)
BACKUP_KEEP = env.int("BACKUP_KEEP", default=7)
BACKUP_LOG_SECONDS = env.int("BACKUP_LOG_SECONDS", default=10)
BACKUP_STATUS = env.str("BACKUP_STATUS", default="")  # a file: keep_backups writes it, /status reads it
if set(BACKUP_KEY) & {SECRET_KEY, ANCHOR_KEY, *FIELD_KEYS}:
    raise ImproperlyConfigured(
        "BACKUP_KEY is a key of its own: whoever has a backup has no key to what is sealed in it."
    )

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": logs.Plain}, "json": {"()": logs.Lines}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {"django.request": {"level": "ERROR"}},
}
SILENCED_SYSTEM_CHECKS: list[str] = []
