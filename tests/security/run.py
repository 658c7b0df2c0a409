"""``python -m tests.security.run [--minutes 20]``: attack a clinic of two locations with tools that know nothing of it.

The tools live in a virtual environment of their own (``make security`` makes it), so that nothing of the clinic hangs on
them: schemathesis looks for failures and for rows of another location, sqlmap injects into ten parameters, bandit reads
the code, and the answers of every kind are looked through for their headers and cookies. A line says for each what it
found; what it said stands in the folder that is printed. Exit code 1 when one found something, or did not run.
"""

from __future__ import annotations

import argparse
import base64
import csv
import json
import logging
import os
import re
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.simulation.running import servers

TOOLS = Path(os.environ.get("KAP_SECURITY_TOOLS", ".venv-security")).resolve() / "bin"
SEEDS = (1, 2, 3)
BASE = "/api/v1/"
# What a test of strangers must not do: end its own session, or make ten thousand files.
LEFT_OUT = r"/api/v1/(auth|imports|record-exports|exports|superbill-runs|break-glass)/"
# Rows of the practice, which every location reads.
SHARED = r"/api/v1/(payers|protocols|fees|packages|phrases|service-codes|sliding-scales|consent-documents|legal-rules|locations|rooms|staff|reminder-plans)/"
# Parameters that reach SQL: words, order, ids, days, numbers.
PARAMETERS = (
    ("clients/?search=Robin", "search"),
    ("clients/?ordering=mrn", "ordering"),
    ("sessions/?ordering=starts_at&status=booked", "status"),
    ("tasks/?kind=alarm&state=open", "kind"),
    ("medications/?client={client}", "client"),
    ("notes/?session={session}", "session"),
    ("day-board/?location={location}&date=2026-05-04", "date"),
    ("staff/?role=therapist", "role"),
    ("clients/?page=1&page_size=20", "page_size"),
    ("changes/?object_type=client&object_id={client}", "object_type"),
)
HEADERS = {
    "X-Content-Type-Options": r"nosniff",
    "X-Frame-Options": r"DENY",
    "Referrer-Policy": r"same-origin|no-referrer",
    "Cross-Origin-Opener-Policy": r"same-origin",
    "Strict-Transport-Security": r"max-age=31536000; includeSubDomains; preload",
}
TELLING = ("Server", "X-Powered-By", "Via")


@dataclass
class Target:
    """The clinic under attack: where it is, who may ask, and rows of North."""

    url: str
    north: str  # tokens
    south: str
    rows: dict[str, str]


@dataclass
class Found:
    """What the tools say, in lines; `bad` counts what is wrong."""

    folder: Path
    bad: int = 0
    lines: list[str] = field(default_factory=list)

    def say(self, tool: str, what: list[str], *, seconds: float, clean: str) -> None:
        self.bad += len(what)
        told = "; ".join(what[:5]) or clean
        self.lines.append(f"{'FOUND' if what else 'clean'}  {tool:<26} {seconds:5.0f} s  {told}")
        sys.stdout.write(self.lines[-1] + "\n")
        sys.stdout.flush()


@contextmanager
def target(running: Any, logs: Path) -> Iterator[Target]:
    """A web process as in production, on a database of its own, with a clinic day at North and one person a place."""
    from django.db import connections

    from kapclinic.local.ports import free_port
    from kapclinic.local.processes import Processes

    name = running.run.another_database()
    named = running.run.servers.env(database=name, valkey_database=running.run.valkey_database)
    env = {key: value for key, value in (os.environ | named).items() if key != "KAP_EMBEDDED"}
    processes = Processes(env=env | _production(), port=free_port(), logs=logs)
    settings = connections["default"].settings_dict
    connections.close_all()
    settings["NAME"] = name
    try:
        tokens, rows = _clinic()
        processes.start("web")
        processes.wait_ready()
        yield Target(processes.base_url, *tokens, rows)
    finally:
        processes.close()
        connections.close_all()
        running.run.servers.drop_database(name)


def _production() -> dict[str, str]:
    """What an operator sets; the proxy with TLS is played by a header."""
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    said = {"SECRET_KEY": secrets.token_urlsafe(60), "FIELD_KEYS": key, "ALLOWED_HOSTS": "127.0.0.1"}
    return said | {"BEHIND_PROXY": "1", "SECURE_SSL_REDIRECT": "0", "HASHED_FILES": "0"}


def _clinic() -> tuple[tuple[str, str], dict[str, str]]:
    """Two people with every role but the administrator's, one a location, and their tokens."""
    from kapclinic.core import clock
    from kapclinic.practice.models import Role
    from kapclinic.practice.services import issue_token
    from tests import cast as people

    roles = [role for role in Role.values if role != Role.ADMIN]
    cast = people.assemble()
    session = people.completed_dose(cast)
    tokens = []
    for name, where in (("northerner", cast.north), ("southerner", cast.south)):
        user = people.staff(name, roles, where, kap_trained=True)
        tokens.append(issue_token(user=user, name="attack", at=clock.now())[1])
    rows = {"client": session.client_id, "session": session.pk, "location": cast.north.pk}
    return (tokens[0], tokens[1]), {key: str(value) for key, value in rows.items()}


def _tool(name: str, *words: str, seconds: float, log: Path, cwd: Path) -> int | None:
    """The exit code of a tool, its words in `log`; None when it is not there or took too long."""
    try:
        with log.open("w") as told:
            done = subprocess.run(
                [TOOLS / name, *words],
                cwd=cwd,
                stdout=told,
                stderr=subprocess.STDOUT,
                timeout=seconds,
                check=False,
            )
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return None
    return done.returncode


def schemathesis(to: Target, found: Found, *, seed: int, seconds: float) -> None:
    """Requests that the schema allows and forbids: no answer of 5xx, no row of the other location, no way in unsigned."""
    folder, began = found.folder / f"schemathesis-{seed}", time.monotonic()
    folder.mkdir()
    auth = [
        {"name": name, "fixedHeaders": [{"name": "Authorization", "value": f"Token {secret}"}]}
        for name, secret in (("north", to.north), ("south", to.south))
    ]
    (folder / "wfc.yaml").write_text(json.dumps({"auth": auth}))
    (folder / "schemathesis.toml").write_text('[auth.wfc]\npath = "wfc.yaml"\npeers = ["north", "south"]\n')
    log = folder / "said.txt"
    words = [
        "--config-file", "schemathesis.toml", "run", f"{to.url}{BASE}schema/",
        "--checks", "not_a_server_error,ignored_auth,object_level_authorization",
        "--phases", "fuzzing,stateful", "--max-examples", "12", "--seed", str(seed), "--max-time", str(int(seconds)),
        "--exclude-path-regex", LEFT_OUT, "--continue-on-failure", "--no-color", "--request-timeout", "30",
    ]  # fmt: skip
    code = _tool("schemathesis", *words, seconds=seconds + 120, log=log, cwd=folder)
    said = log.read_text() if log.exists() else ""
    wrong = _faults(said)
    if code is None or "Test cases:" not in said:
        wrong = [f"it did not run to its end: {log}"]
    summary = re.search(r"(\d+) generated|Test cases:\n\s+(.*)", said)
    found.say(
        f"schemathesis seed {seed}",
        sorted(set(wrong)),
        seconds=time.monotonic() - began,
        clean=summary.group(0).strip() if summary else "",
    )


def _faults(said: str) -> list[str]:
    """What schemathesis reports, operation by operation; rows of the practice are everybody's, and no fault."""
    operation, wrong = "", set()
    for line in said.partition("= FAILURES =")[2].partition("= WARNINGS =")[0].splitlines():
        if heading := re.match(r"_{3,} (.*?) _{3,}$", line):
            operation = heading.group(1)
        elif line.startswith("- "):
            shared = "bject-level" in line and re.search(SHARED, operation)
            wrong |= set() if shared else {f"{operation}: {line.removeprefix('- ')}"}
    return sorted(wrong)


def sqlmap(to: Target, found: Found, *, seconds: float) -> None:
    """Ten parameters, each with what sqlmap knows of PostgreSQL; its exit code says nothing, so its table is read."""
    began, wrong = time.monotonic(), []
    for n, (path, parameter) in enumerate(PARAMETERS):
        folder = found.folder / f"sqlmap-{n}"
        folder.mkdir()
        words = [
            "-u", f"{to.url}{BASE}{path.format(**to.rows)}", "-p", parameter, "-H", f"Authorization: Token {to.north}",
            "--batch", "--level", "2", "--risk", "2", "--dbms", "PostgreSQL", "--technique", "BEU", "--flush-session",
            "--ignore-code", "400,404", "--threads", "4", "--output-dir", ".", "--results-file", "results.csv",
            "-m", "", "--disable-coloring",
        ]  # fmt: skip
        words = [word for n, word in enumerate(words) if not (word == "-m" or words[n - 1] == "-m")]
        code = _tool(
            "sqlmap", *words, seconds=seconds / len(PARAMETERS) * 2, log=folder / "said.txt", cwd=folder
        )
        said = (folder / "said.txt").read_text() if (folder / "said.txt").exists() else ""
        if "is vulnerable" in said or "the following injection point" in said or _rows_of(folder):
            wrong.append(f"{path}: {parameter} is injectable")
        elif code is None or "do not appear to be injectable" not in said:
            wrong.append(f"{path}: it did not run to its end: {folder / 'said.txt'}")
    found.say("sqlmap", wrong, seconds=time.monotonic() - began, clean=f"{len(PARAMETERS)} parameters")


def _rows_of(folder: Path) -> int:
    return sum(max(len(list(csv.reader(path.open()))) - 1, 0) for path in folder.glob("results*.csv"))


def bandit(found: Found) -> None:
    """The code of the image; `kapclinic/local` is development only and not in it."""
    began, log = time.monotonic(), found.folder / "bandit.txt"
    apps = ("kapclinic", "programs", "screening", "sessions", "billing")
    words = ["-q", "-r", *apps, "-x", "kapclinic/local", "-ll", "-ii"]
    told = ["-f", "custom", "--msg-template", "{relpath}:{line} {test_id} {msg}"]
    code = _tool("bandit", *words, *told, seconds=300, log=log, cwd=Path.cwd())
    said = log.read_text().splitlines() if log.exists() else []
    wrong = [line for line in said if re.match(r"\S+:\d+ B\d+", line) and not _allowed(line)]
    ran = code in {0, 1}
    found.say(
        "bandit",
        wrong or ([] if ran else [f"it did not run: {log}"]),
        seconds=time.monotonic() - began,
        clean="no finding of middle weight",
    )


def _allowed(line: str) -> bool:
    """Did somebody tell ruff, which knows bandit's rules as S…, beside the code why this one is allowed there?"""
    where, rule = line.split(" ")[:2]
    name, _, number = where.partition(":")
    around = Path(name).read_text().splitlines()[int(number) - 1 : int(number) + 2]
    return any(f"noqa: S{rule[1:]}" in text for text in around)


def headers(to: Target, found: Found) -> None:
    """What every kind of answer carries, as a proxy with TLS hands it on, and what cookies may do."""
    import httpx

    from tests.cast import PASSWORD

    began, wrong = time.monotonic(), []
    with httpx.Client(base_url=to.url, headers={"X-Forwarded-Proto": "https"}, timeout=30) as browser:
        asked = {
            path: browser.get(path)
            for path in (
                "/",
                "/sign-in",
                "/healthz",
                f"{BASE}clients/",
                f"{BASE}schema/",
                f"{BASE}docs/",
                "/nothing",
            )
        }
        login = {"email": "northerner@example.test", "password": PASSWORD}
        asked["login"] = browser.post(f"{BASE}auth/login/", json=login)
        asked["signed in"] = browser.get(f"{BASE}auth/me/")
        wrong += (
            [] if asked["login"].status_code == 200 else [f"the login answers {asked['login'].status_code}"]
        )
        for where, answer in asked.items():
            for name, shape in HEADERS.items():
                if not re.fullmatch(shape, answer.headers.get(name, "")):
                    wrong.append(f"{where}: {name} is {answer.headers.get(name)!r}")
            wrong += [
                f"{where}: {name} tells {answer.headers[name]!r}"
                for name in TELLING
                if re.search(r"\d", answer.headers.get(name, ""))
            ]
            if where.startswith((BASE, "login", "signed")) and "no-" not in answer.headers.get(
                "Cache-Control", ""
            ):
                wrong.append(f"{where}: may be cached")
            if "text/html" in answer.headers.get(
                "Content-Type", ""
            ) and "default-src" not in answer.headers.get("Content-Security-Policy", ""):
                wrong.append(f"{where}: a page without a policy of content")
            for cookie in answer.headers.get_list("Set-Cookie"):
                wrong += _cookie(where, cookie)
    found.say(
        "headers and cookies", wrong, seconds=time.monotonic() - began, clean=f"{len(asked)} kinds of answer"
    )


def _cookie(where: str, cookie: str) -> list[str]:
    name, told = cookie.split("=", 1)[0], cookie.lower()
    wanted = ["secure", "samesite=lax", *(["httponly"] if name == "sessionid" else [])]
    return [f"{where}: the cookie {name} is not {word}" for word in wanted if word not in told]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=16, help="of schemathesis and sqlmap together")
    parser.add_argument("--only", default="", help="headers, bandit, sqlmap or schemathesis")
    options = parser.parse_args()
    found = Found(Path(tempfile.mkdtemp(prefix="kap-security-")))
    logging.getLogger("httpx").setLevel(logging.WARNING)
    sys.stdout.write(f"What the tools say stands in {found.folder}\n")
    share = options.minutes * 60 / (len(SEEDS) + 2)
    with servers() as running, target(running, found.folder) as to:
        if options.only in {"", "headers"}:
            headers(to, found)
        if options.only in {"", "bandit"}:
            bandit(found)
        if options.only in {"", "schemathesis"}:
            for seed in SEEDS:
                schemathesis(to, found, seed=seed, seconds=share)
        if options.only in {"", "sqlmap"}:
            sqlmap(to, found, seconds=share * 2)
    return 1 if found.bad else 0


if __name__ == "__main__":
    sys.exit(main())
