"""Every file, every name of code, every test and every commit that a page names is there."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from kapclinic.celery import app as celery
from kapclinic.local.places import CHECKOUT

APPS = ("kapclinic", "programs", "screening", "sessions", "billing")
FOLDERS = (*APPS, "tests", "docs", "deploy", ".ci")
PAGES = [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").rglob("*.md"))]
ADDING = CHECKOUT / "docs/adding.md"

KINDS = "py|md|sql|typ|csv|json|yaml|yml|toml|sh|tsv|gz|svg"
FILE = re.compile(rf"[\w./-]*\w\.(?:{KINDS})")
FOLDER = re.compile(r"(?:kapclinic|billing|screening|tests|docs|deploy|sessions/\w+)/[\w./-]*(?<!/)/?")
DOTTED = re.compile(r"[a-z_]+(?:\.\w+)+(?:\(\))?")
CHECK = re.compile(r"\w+\.E\d{3}")  # the id of a system check
TEST = re.compile(r"(tests/[\w/]+\.py)::(\w+)")


def told(page: Path) -> str:
    """The page's text, but for what a decision rejected: that is not there."""
    return page.read_text().split("## What was rejected", 1)[0]


def quoted(page: Path) -> list[str]:
    """What stands in backticks, outside of fenced code."""
    prose = re.sub(r"^```.*?^```", "", told(page), flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"`([^`\n]+)`", prose)


@cache
def ends_of_paths() -> frozenset[str]:
    """Each file's name, and its path from each folder above it: `judge.py`, `gates/judge.py` …"""
    found = {path.name for path in CHECKOUT.iterdir()}
    for folder in FOLDERS:
        for path in (CHECKOUT / folder).rglob("*"):
            parts = path.relative_to(CHECKOUT).parts
            found |= {"/".join(parts[cut:]) for cut in range(1, len(parts))}
    return frozenset(found)


def is_there(name: str) -> bool:
    """A path from the root of the checkout; a bare name or the end of a path is one that some file has."""
    if name.split("/", 1)[0] in FOLDERS:
        return (CHECKOUT / name).exists()
    return name in ends_of_paths()


def missing_files(page: Path) -> list[str]:
    named = [word for word in quoted(page) if FILE.fullmatch(word) or FOLDER.fullmatch(word)]
    return [word for word in named if not is_there(word)]


@cache
def packages() -> dict[str, str]:
    """The packages that a page may call by their last name, as `integration.services`, by that name."""
    inner = {
        path.parent.name: ".".join(path.parent.relative_to(CHECKOUT).parts)
        for app in ("kapclinic", "sessions", "billing")
        for path in (CHECKOUT / app).glob("*/__init__.py")
    }
    return inner | {app: app for app in APPS}


def resolves(name: str) -> bool:
    """Is this a module, or something that one holds?"""
    parts = name.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for part in parts[cut:]:
            if not hasattr(found, part):
                return False
            found = getattr(found, part)
        return True
    return False


load_tasks = cache(celery.loader.import_default_modules)  # with all of Django's checks: once a process


def missing_code(page: Path) -> list[str]:
    load_tasks()
    missing = []
    for word in quoted(page):
        first, _, rest = word.removesuffix("()").partition(".")
        if (
            not DOTTED.fullmatch(word)
            or FILE.fullmatch(word)
            or CHECK.fullmatch(word)
            or first not in packages()
        ):
            continue
        if word not in celery.tasks and not resolves(f"{packages()[first]}.{rest}"):
            missing.append(word)
    return missing


@cache
def functions_of(path: str) -> frozenset[str]:
    nodes = ast.walk(ast.parse((CHECKOUT / path).read_text()))
    return frozenset(node.name for node in nodes if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    assert missing_files(page) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_every_dotted_name_of_a_page_is_in_the_code(page: Path) -> None:
    assert missing_code(page) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_every_test_that_a_page_names_is_there(page: Path) -> None:
    named = TEST.findall(told(page))
    assert [f"{path}::{name}" for path, name in named if name not in functions_of(path)] == []


def test_the_houses_own_list_of_folders_is_there() -> None:
    block = (CHECKOUT / "README.md").read_text().split("## The house in a few lines", 1)[1].split("```")[1]
    named = [word for line in block.splitlines() for word in re.findall(r"(?:^|  )(\S+)(?=  |$)", line)]
    paths = [word for word in named if "/" in word or word[0].isupper() or FILE.fullmatch(word)]
    assert len(paths) >= 10
    assert [word for word in paths if not (CHECKOUT / word).exists()] == []
    rooms = {path.parent.name for path in (CHECKOUT / "sessions").glob("*/__init__.py")}
    assert rooms - {"management", "migrations"} <= set(re.findall(r"\w+", block))


def test_the_checks_see_what_they_look_for(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "`sessions/visits/rules.py`, `rules.py`, `gates/judge.py`, `tests/vectors/`, `kapclinic.core.clock.now()`, `visits.services.book`,"
        " `sessions.sweep`, `checks/`, `programs/…`\n"
        "`sessions/day/rules.py`, `judging.py`, `visits/judge.py`, `tests/lounge/`, `kapclinic.core.clock.later()`, `visits.services.lose`,"
        " `sessions.day`\n## What was rejected\n`utils.py`\n"
    )
    assert missing_files(page) == ["sessions/day/rules.py", "judging.py", "visits/judge.py", "tests/lounge/"]
    assert missing_code(page) == ["kapclinic.core.clock.later()", "visits.services.lose", "sessions.day"]


# --- the commits that docs/adding.md shows ------------------------------------------------------------------------------


def git(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", *words], cwd=CHECKOUT, capture_output=True, text=True, check=False)


def has_whole_history() -> bool:
    """Not in a copy without git's folder, nor in a shallow clone; git that does not answer for one is a fault."""
    if not (CHECKOUT / ".git").exists():
        return False
    asked = git("rev-parse", "--is-shallow-repository")
    assert asked.returncode == 0, asked.stderr
    return asked.stdout.strip() == "false"


def commits() -> list[str]:
    return re.findall(r"`([0-9a-f]{7,40})`", ADDING.read_text())


def test_every_recipe_shows_a_commit() -> None:
    examples = re.split(r"^\*Example:\*", ADDING.read_text(), flags=re.MULTILINE)[1:]
    assert len(examples) >= 6
    assert [text[:60] for text in examples if not re.match(r".{0,60}?`[0-9a-f]{7}`", text, re.DOTALL)] == []


def test_every_commit_that_is_shown_is_in_the_history() -> None:
    """Where the history is not there, its hashes can't be looked up: then their form alone is held."""
    named = commits()
    assert len(set(named)) >= 8
    assert {len(name) for name in named} == {7}
    if has_whole_history():
        assert [name for name in named if git("cat-file", "-e", f"{name}^{{commit}}").returncode] == []
        text = re.sub(r"\s+", " ", ADDING.read_text())
        subjects = {name: git("log", "-1", "--format=%s", name).stdout.strip() for name in named}
        untold = [name for name, subject in subjects.items() if f"`{name}` {subject}" not in text]
        assert set(untold) <= {"3d79fda", "b14872d"}  # named in passing
