"""Which modules a module loads: read from its imports, so that a page can ask for all of them at once."""

from __future__ import annotations

import posixpath
import re
from functools import cache
from pathlib import Path

HOUSE = Path(__file__).parent / "static" / "ui"
IMPORT = re.compile(r'^(?:import|export)\b[^"]*?"(\.{1,2}/[^"]+)";', re.MULTILINE)


def imports_of(path: str) -> list[str]:
    """The files that this one names, as paths under `static/ui/`."""
    text = (HOUSE / path).read_text()
    return [
        posixpath.normpath(posixpath.join(posixpath.dirname(path), found)) for found in IMPORT.findall(text)
    ]


@cache
def loaded_by(path: str) -> tuple[str, ...]:
    """Every module that comes with this one, itself left out, nearest first."""
    found: dict[str, None] = {}
    waiting = [path]
    while waiting:
        for name in imports_of(waiting.pop(0)):
            if name not in found and name != path:
                found[name] = None
                waiting.append(name)
    return tuple(found)
