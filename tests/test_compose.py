"""The containers name only what exists here: there is no Docker in these tests, so they read closely instead."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml
from django.conf import settings

from kapclinic.local.places import CHECKOUT
from kapclinic.local.postgres import LOCALE, LOG, OWNER, RUNTIME
from kapclinic.local.warm import Launcher
from kapclinic.trail.rules import LOG_SETTINGS


class Strict(yaml.SafeLoader):
    """Refuses a name that stands twice in one mapping, as Compose does."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        names = [key.value for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
        assert len(names) == len(set(names)), [name for name in names if names.count(name) > 1]
        return super().construct_mapping(node, deep)


COMPOSE: dict[str, Any] = yaml.load((CHECKOUT / "docker-compose.yml").read_text(), Strict)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (CHECKOUT / "Dockerfile").read_text()
SETTINGS = (CHECKOUT / "kapclinic/settings.py").read_text()
OURS = ("migrate", "web", "worker", "safety", "beat", "backup")
IMAGES = {
    "postgres": {
        "POSTGRES_USER",
        "POSTGRES_PASSWORD",
        "POSTGRES_INITDB_ARGS",
        "OWNER_DB_PASSWORD",
        "APP_DB_PASSWORD",
        "BACKUP_DB_PASSWORD",
    },
    "valkey": {"VALKEY_PASSWORD"},
    "proxy": set(),
}
BY_DIGEST = re.compile(r"[a-z/]+:[0-9a-z.-]+@sha256:[0-9a-f]{64}")
SECRETS = re.compile(r"SECRET|KEY|PASSWORD|_URL")
OPTIONAL = {
    "EMAIL_URL",
    "PUBLIC_URL",
    "SMS_WEBHOOK_URL",
    "SMS_WEBHOOK_SECRET",
    "METRICS_TOKEN",
    "ANCHOR_URL",
    "ANCHOR_KEY",
    "ANCHOR_PUBLIC_KEYS",
    "ANCHOR_BUCKET_KEY",
    "ANCHOR_BUCKET_SECRET",
}  # empty: that way of sending is not used


def read_by_settings(name: str) -> bool:
    return re.search(rf'env\.\w+\(\s*"{name}"', SETTINGS) is not None


def dockerfile_words(instruction: str) -> list[str]:
    lines = re.sub(r"\\\n", " ", DOCKERFILE).splitlines()
    return [line.removeprefix(instruction).strip() for line in lines if line.startswith(f"{instruction} ")]


def test_the_services_are_the_whole_clinic() -> None:
    assert set(SERVICES) == {*OURS, *IMAGES}


@pytest.mark.parametrize("name", OURS)
def test_every_variable_is_read_by_the_settings(name: str) -> None:
    unread = [variable for variable in SERVICES[name]["environment"] if not read_by_settings(variable)]
    assert not unread


@pytest.mark.parametrize("name", IMAGES)
def test_the_images_get_only_what_they_know(name: str) -> None:
    assert set(SERVICES[name].get("environment", ())) == IMAGES[name]


@pytest.mark.parametrize("name", SERVICES)
def test_no_secret_stands_in_the_file(name: str) -> None:
    for variable, value in SERVICES[name].get("environment", {}).items():
        if SECRETS.search(variable) and variable not in OPTIONAL:
            assert re.search(r"\$\{\w+:\?", value), variable  # a missing one stops compose


def test_no_secret_stands_in_the_example() -> None:
    lines = (CHECKOUT / ".env.example").read_text().splitlines()
    given = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert {
        name for name, value in given.items() if re.search(r"SECRET|KEY|PASSWORD", name) and value
    } == set()
    used = set(re.findall(r"(?<!\$)\$\{(\w+)", (CHECKOUT / "docker-compose.yml").read_text()))
    assert used == set(given)


def test_only_migrate_is_the_owner() -> None:
    assert [name for name in OURS if "MIGRATION_DATABASE_URL" in SERVICES[name]["environment"]] == ["migrate"]
    assert SERVICES["migrate"]["environment"]["MIGRATION_DATABASE_URL"].startswith(f"postgresql://{OWNER}:")
    assert all(
        SERVICES[name]["environment"]["DATABASE_URL"].startswith(f"postgresql://{RUNTIME}:") for name in OURS
    )


@pytest.mark.parametrize("name", SERVICES)
def test_nobody_is_root(name: str) -> None:
    assert str(SERVICES[name]["user"]).split(":")[0] not in {"", "0", "root"}


def test_the_image_is_small_pinned_and_not_root() -> None:
    assert dockerfile_words("USER") == ["postgres", "10001:10001"]
    assert dockerfile_words("ARG") == ["LOCK=requirements.lock"]
    assert "--require-hashes -r /tmp/${LOCK}" in DOCKERFILE
    assert "requirements-dev" not in DOCKERFILE
    assert dockerfile_words("HEALTHCHECK")
    assert "kapclinic/local" in (CHECKOUT / ".dockerignore").read_text().split()
    for words in dockerfile_words("COPY"):
        if not words.startswith("--from"):
            assert (CHECKOUT / words.split()[0]).exists(), words


def test_what_a_developer_installs_is_known_by_its_hash() -> None:
    """And nothing beside the lock: each of its halves is installed without what it asks for, and then held against it."""
    made = (CHECKOUT / "Makefile").read_text()
    assert "$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps\n" in made
    recipe = made[made.index("$(STAMP): $(LOCK)") :]
    assert re.findall(r"\$\(INSTALL\) -r (\S+?);? ", recipe) == [f"$(VENV)/lock.{n}" for n in range(3)]
    assert "pip install" not in recipe
    assert "$(PYTHON) -m pip check --disable-pip-version-check && touch $(STAMP)" in recipe


@pytest.mark.parametrize("name", [name for name in SERVICES if name != "migrate"])
def test_each_service_that_stays_is_asked_for_its_health(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}


def test_what_is_built_on_is_named_by_its_digest() -> None:
    bases = [words.split()[0] for words in dockerfile_words("FROM")]
    named = bases + [SERVICES[name]["image"] for name in IMAGES]
    assert [image for image in named if not BY_DIGEST.fullmatch(image)] == []
    assert {base.split(":")[0] for base in bases} == {"python", "postgres"}
    assert len({*bases, SERVICES["postgres"]["image"]}) == 2


def test_the_image_is_built_from_what_it_is_shown() -> None:
    shown = {line[1:] for line in (CHECKOUT / ".dockerignore").read_text().split() if line.startswith("!")}
    for words in dockerfile_words("COPY"):
        if not words.startswith("--"):
            *sources, _ = words.split()
            assert [path for path in sources if not {path, path.split("/")[0]} & shown] == []


def test_the_image_ships_the_schema() -> None:
    assert "!docs/openapi.yaml" in (CHECKOUT / ".dockerignore").read_text().split()
    assert any(words.startswith("docs/openapi.yaml ") for words in dockerfile_words("COPY"))


def test_the_log_of_postgres_says_nothing_of_rows() -> None:
    """As the tests have it, and as /readyz wants it."""
    command = SERVICES["postgres"]["command"]
    told = dict(word.split("=", 1) for word in command if "=" in word)
    assert command == ["postgres", *(part for name in told for part in ("-c", f"{name}={told[name]}"))]
    assert told.pop("max_slot_wal_keep_size") == "20GB"
    assert told == LOG == {name: wanted[0] for name, wanted in LOG_SETTINGS.items()}


def test_the_proxy_alone_is_reached_and_takes_what_the_settings_take() -> None:
    assert [name for name in SERVICES if SERVICES[name].get("ports")] == ["proxy"]
    conf = (CHECKOUT / "deploy/nginx.conf").read_text()
    assert "proxy_request_buffering on;" in conf
    assert "X-Forwarded-For $proxy_add_x_forwarded_for;" in conf
    for pattern in settings.UPLOADS:
        address = pattern.replace("{36}", "+")
        assert f"location ~ ^{address}$ {{" in conf or f"location = {address} {{" in conf
    sizes = [int(size) * 1024**2 for size in re.findall(r"client_max_body_size (\d+)m;", conf)]
    assert min(sizes) >= settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    assert max(sizes) >= max(settings.UPLOADS.values())


def test_no_log_of_the_proxy_says_what_was_searched_for_or_by_which_link() -> None:
    """Beside its trouble with a request nginx writes down the request's whole line, at every level but the last."""
    conf = (CHECKOUT / "deploy/nginx.conf").read_text()
    assert re.findall(r"^ *error_log (.+);$", conf, re.MULTILINE) == ["/dev/stderr emerg"]
    assert re.findall(r"^ *access_log (.+);$", conf, re.MULTILINE) == ["/dev/stdout discreet"]
    (form,) = re.findall(r"log_format discreet '(.+)';", conf)
    told = set(form.split())
    assert "$upstream_status" in told  # that web was away shows here alone
    assert not told & {"$request", "$request_uri", "$args", "$query_string", "$uri", "$http_referer"}


def test_order_of_starting() -> None:
    for name in ("web", "worker", "safety", "beat"):
        assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
        assert SERVICES[name]["depends_on"]["valkey"] == {"condition": "service_healthy"}
    assert SERVICES["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert SERVICES["migrate"]["restart"] != "unless-stopped"


def test_an_upgrade_stops_whatever_writes() -> None:
    """A dump, and a migration, while a service of the old version still works would keep half of its work."""
    stay = [name for name in OURS if SERVICES[name]["restart"] == "unless-stopped" and name != "backup"]
    assert stay == ["web", "worker", "safety", "beat"]
    told = (CHECKOUT / "docs/operations.md").read_text()
    (stopped,) = re.findall(r"^docker compose stop (.+)$", told, re.MULTILINE)
    assert stopped.split() == stay
    assert f"{', '.join(stay[:-1])} and {stay[-1]} start when" in told
    assert "stop the four, back up" in told


def test_valkey_keeps_its_messages_and_asks_for_a_password() -> None:
    words = " ".join(SERVICES["valkey"]["command"])
    assert "--appendonly yes" in words
    assert "--maxmemory-policy noeviction" in words
    assert "--requirepass ${VALKEY_PASSWORD:?" in words


def test_postgres_sorts_as_the_tests_do() -> None:
    assert tuple(shlex.split(SERVICES["postgres"]["environment"]["POSTGRES_INITDB_ARGS"])) == LOCALE
    assert SERVICES["postgres"]["image"].startswith("postgres:18@")
    # The image of 18 keeps its data in a folder per version below this one.
    assert "postgres:/var/lib/postgresql" in SERVICES["postgres"]["volumes"]


@pytest.mark.parametrize("name", ["web", "worker", "safety", "beat", "migrate", "backup"])
def test_every_command_can_be_run(name: str, launcher: Launcher) -> None:
    command = SERVICES[name].get("command") or yaml.safe_load(dockerfile_words("CMD")[-1])
    bare = {"gunicorn": ["--check-config"], "celery": ["--help"], "python": ["--help"]}[command[0]]
    words = [word for word in command if not word.startswith("--worker-tmp-dir")] + bare
    program = [sys.executable] if words[0] == "python" else [sys.executable, "-m", words[0]]
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "kapclinic.settings"}
    done = launcher.run([*program, *words[1:]], env=env)
    assert done.returncode == 0, done.stderr
    assert "No such option" not in done.stderr


def healthy(*words: str, **settings: str) -> int:
    program = [sys.executable, str(CHECKOUT / "deploy/healthy.py"), *words]
    return subprocess.run(program, env=os.environ | settings, capture_output=True, check=False).returncode


def test_the_health_of_web_is_asked_by_a_name_it_lets_in() -> None:
    asked: list[tuple[str, str]] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers["Host"]))
            self.send_response(200 if len(asked) == 1 else 503)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        settings = {"HEALTH_PORT": str(server.server_port), "ALLOWED_HOSTS": ".clinic.example,other"}
        assert healthy("web", **settings) == 0
        assert healthy("web", **settings) == 1
        server.shutdown()
    assert asked[0] == ("/healthz", "clinic.example")


def test_the_health_of_beat_is_that_it_saves_its_schedule(tmp_path: Path) -> None:
    schedule = tmp_path / "beat-schedule"
    assert healthy("beat", BEAT_SCHEDULE=str(schedule)) == 1
    schedule.touch()
    assert healthy("beat", BEAT_SCHEDULE=str(schedule)) == 0
    old = time.time() - 3600
    os.utime(schedule, (old, old))
    assert healthy("beat", BEAT_SCHEDULE=str(schedule)) == 1


def test_the_health_of_the_backups_is_what_their_service_says(tmp_path: Path) -> None:
    status = tmp_path / "status.json"
    assert healthy("backup", BACKUP_STATUS=str(status)) == 1
    for told, code in (('{"ok": true}', 0), ('{"ok": false}', 1), ("{", 1)):
        status.write_text(told)
        assert healthy("backup", BACKUP_STATUS=str(status)) == code
    status.write_text('{"ok": true}')
    old = time.time() - 600
    os.utime(status, (old, old))
    assert healthy("backup", BACKUP_STATUS=str(status)) == 1


def test_the_service_of_the_backups_holds_none_of_the_clinics_keys() -> None:
    assert not {"FIELD_KEYS", "SECRET_KEY", "ANCHOR_KEY"} & set(SERVICES["backup"]["environment"])
    assert [name for name in OURS if "BACKUP_KEY" in SERVICES[name]["environment"]] == ["backup"]


def test_modules_named_in_the_image_exist() -> None:
    for module in ("kapclinic.wsgi", "kapclinic.celery", "kapclinic.settings", "gunicorn", "celery"):
        assert importlib.util.find_spec(module) is not None
