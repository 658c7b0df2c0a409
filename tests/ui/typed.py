"""Reads the screens' JavaScript with TypeScript, on types made of docs/openapi.yaml; `make check` calls it.

Nobody needs Node to run or to change this project: without it, or without its packages, this says that it was left out.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from kapclinic.local.places import CHECKOUT

NEEDS = CHECKOUT / ".ci" / "types"
SCREENS = CHECKOUT / "kapclinic" / "ui" / "static" / "ui"
KEPT = (".npmrc", "package.json", "package-lock.json")
COMPILER = {
    "allowJs": True,
    "checkJs": True,
    "noEmit": True,
    "target": "es2022",
    "module": "es2022",
    "moduleResolution": "bundler",
    "lib": ["es2023", "dom", "dom.iterable"],
    "strict": False,
    "noUnusedLocals": True,
    "skipLibCheck": True,
    "types": [],
}


def main() -> int:
    room = Path(sys.prefix) / "node"
    reason = _prepared(room)
    if reason:
        print(f"- the types of the JavaScript were left out: {reason}")  # noqa: T201  (a step of make check)
        return 0
    _run(room, "openapi-typescript", str(CHECKOUT / "docs" / "openapi.yaml"), "-o", "api.d.ts")
    (room / "names.d.ts").write_text('declare type Api = import("./api").components["schemas"];\n')
    settings = {"compilerOptions": COMPILER, "include": [f"{SCREENS}/js/**/*.js", "./names.d.ts"]}
    (room / "tsconfig.json").write_text(json.dumps(settings))
    told = _run(room, "tsc", "--pretty", "false", "-p", ".").stdout.splitlines()
    faults = [line for line in told if "error TS" in line and "/vendor/" not in line]
    for line in faults:
        print(line)  # noqa: T201
    return 1 if faults else 0


def _prepared(room: Path) -> str:
    """Fetch what is needed, once for each lock; why that can't be, or nothing."""
    if shutil.which("npm") is None:
        return "there is no Node here"
    lock = (NEEDS / "package-lock.json").read_text()
    stamp = room / "stamp"
    if stamp.exists() and stamp.read_text() == lock:
        return ""
    room.mkdir(exist_ok=True)
    for name in KEPT:
        shutil.copy(NEEDS / name, room / name)
    fetched = subprocess.run(
        ["npm", "ci", "--ignore-scripts", "--loglevel=error"],
        cwd=room,
        capture_output=True,
        text=True,
        check=False,
    )
    if fetched.returncode:
        return "npm could not fetch its packages"
    stamp.write_text(lock)
    return ""


def _run(room: Path, program: str, *words: str) -> subprocess.CompletedProcess[str]:
    """A program of the packages; `tsc` ends with 1 or 2 when it finds something.

    :raises subprocess.CalledProcessError: when it could not do its work
    """
    command = [str(room / "node_modules" / ".bin" / program), *words]
    done = subprocess.run(command, cwd=room, capture_output=True, text=True, check=False)
    if done.returncode and program != "tsc":
        sys.stderr.write(done.stderr[-2000:])
        done.check_returncode()
    return done


if __name__ == "__main__":
    sys.exit(main())
