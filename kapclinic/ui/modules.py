"""Which modules a module loads: read from its imports, so that a page can ask for all of them at once."""

from __future__ import annotations

import posixpath
import re
from functools import cache
from pathlib import Path

HOUSE = Path(__file__).parent / "static" / "ui"
IMPORT = re.compile(r'^(?:import|export)\b[^"]*?"(\.{1,2}/[^"]+)";', re.MULTILINE)
LATER = re.compile(r'\bimport\("(\.{1,2}/[^"]+)"\)')  # fetched when it is first opened


def imports_of(path: str, *, later: bool = False) -> list[str]:
    """The files that this one names, as paths under `static/ui/`; with `later` also those that it may fetch."""
    text = (HOUSE / path).read_text()
    named = IMPORT.findall(text) + (LATER.findall(text) if later else [])
    return [posixpath.normpath(posixpath.join(posixpath.dirname(path), found)) for found in named]


@cache
def loaded_by(path: str, *, later: bool = False) -> tuple[str, ...]:
    """Every module that comes with this one, itself left out, nearest first; with `later` all that it may fetch too."""
    found: dict[str, None] = {}
    waiting = [path]
    while waiting:
        for name in imports_of(waiting.pop(0), later=later):
            if name not in found and name != path:
                found[name] = None
                waiting.append(name)
    return tuple(found)


def words_of(module: str, language: str) -> list[str]:
    """The dictionaries of a page, as paths under `static/ui/`: those of the frame and of each folder it loads from."""
    folder = f"js/words/{language}"
    own = module.split("/", maxsplit=1)[0]
    loaded = {
        posixpath.basename(posixpath.dirname(path)) for path in loaded_by(f"js/{module}.js", later=True)
    }
    names = [f"{folder}/{name}.js" for name in dict.fromkeys(("frame", own, *sorted(loaded)))]
    return [name for name in names if (HOUSE / name).is_file()]
