"""What was copied into the house is what its list says, and our own modules keep the house's measures."""

from __future__ import annotations

import gzip
import hashlib
import re
from pathlib import Path

from kapclinic.ui.modules import HOUSE, imports_of, loaded_by, words_of
from kapclinic.ui.screens import SCREENS

VENDOR = HOUSE / "vendor"
ROW = re.compile(r"^\| `(\w+\.js)` \| .* \| `([0-9a-f]{64})` \|$", re.MULTILINE)
LONGEST = 400
KILOBYTES = 60  # gzipped, all the modules of a page


def ours() -> list[Path]:
    return sorted((HOUSE / "js").rglob("*.js"))


def test_each_vendored_file_has_the_sum_that_is_written_down() -> None:
    listed = dict(ROW.findall((VENDOR / "VENDOR.md").read_text()))
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in VENDOR.glob("*.js")}
    assert found == listed


def test_every_import_is_relative_and_leads_to_a_file() -> None:
    """The names of collected files are rewritten in imports of this form alone."""
    for path in [*ours(), *VENDOR.glob("*.js")]:
        name = str(path.relative_to(HOUSE))
        written = re.findall(
            r'^(?:import|export)\b[^;]*?from\s*["\']([^"\']+)["\']|^import\s*"([^"]+)"',
            path.read_text(),
            re.MULTILINE,
        )
        assert len(written) == len(imports_of(name)), name
        assert all((HOUSE / found).is_file() for found in imports_of(name, later=True)), name


def test_no_module_waits_for_itself() -> None:
    for path in ours():
        name = str(path.relative_to(HOUSE))
        assert all(name not in imports_of(other) for other in loaded_by(name)), name


def test_a_module_is_short() -> None:
    long = {
        str(path.relative_to(HOUSE)): n
        for path in ours()
        if (n := len(path.read_text().splitlines())) > LONGEST
    }
    assert not long


def test_a_page_loads_little() -> None:
    for screen in SCREENS:
        entry = f"js/{screen.module}.js"
        files = {entry, *loaded_by(entry), *words_of(screen.module, "es")}
        size = sum(len(gzip.compress((HOUSE / name).read_bytes())) for name in files)
        assert size <= KILOBYTES * 1024, (screen.name, size)


def test_no_markup_is_made_of_text() -> None:
    for path in ours():
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", path.read_text()
        ), path


def test_no_element_is_called_like_an_icon() -> None:
    """The icons stand on each page first: a label for that id would find the icon in place of its field."""
    text = (HOUSE.parent.parent / "templates" / "ui" / "icons.html").read_text()
    icons = set(re.findall(r'<symbol id="([\w-]+)"', text))
    assert icons
    for path in ours():
        assert not icons & set(re.findall(r'\bid="([\w-]+)"', path.read_text())), path
