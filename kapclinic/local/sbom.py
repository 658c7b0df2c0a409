"""`make sbom`: what the image is made of, as CycloneDX 1.6: each package of a lock, its hashes, its licence.

The same lock gives the same bytes: no moment and no random number stands in it. https://cyclonedx.org/specification/
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from kapclinic.local.places import CHECKOUT

PINNED = re.compile(r"^([A-Za-z0-9_.-]+)==([^\s;\\]+)(.*?)(?=^\S|\Z)", re.MULTILINE | re.DOTALL)
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def _licence(name: str) -> list[DisjunctiveLicense]:
    """What the installed package says of itself; nothing for one that is for another machine."""
    try:
        said: Any = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return []
    classified = [
        row.split(" :: ")[-1] for row in said.get_all("Classifier") or () if row.startswith("License")
    ]
    words = said.get("License-Expression") or next(iter(classified), "") or (said.get("License") or "")
    return [DisjunctiveLicense(name=words.splitlines()[0][:80])] if words.strip() else []


def _component(name: str, version: str, rest: str) -> Component:
    url = PackageURL("pypi", None, name.lower(), version)
    return Component(
        type=ComponentType.LIBRARY,
        name=name,
        version=version,
        purl=url,
        bom_ref=str(url),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=found) for found in HASH.findall(rest)],
        licenses=_licence(name),
    )


def bill_of(lock: Path) -> dict[str, Any]:
    """The bill of one lock.

    :raises ValueError: for a lock in which a package stands without its hash
    """
    found = [_component(*match.groups()) for match in PINNED.finditer(lock.read_text())]
    bare = [component.name for component in found if not component.hashes]
    if bare or not found:
        raise ValueError(f"{lock.name}: no hash of {bare or 'anything'}.")
    bill = Bom(components=found)
    whole = Component(type=ComponentType.APPLICATION, name="kapclinic", bom_ref="kapclinic")
    bill.metadata.component = whole
    bill.register_dependency(whole, found)
    told: dict[str, Any] = json.loads(JsonV1Dot6(bill).output_as_string())
    told.pop("serialNumber", None)
    told["metadata"].pop("timestamp", None)
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lock", type=Path, default=CHECKOUT / "requirements.lock")
    parser.add_argument("--out", type=Path, default=CHECKOUT / "sbom.json")
    given = parser.parse_args()
    bill = bill_of(given.lock)
    given.out.write_text(json.dumps(bill, indent=1, sort_keys=True) + "\n")
    sys.stdout.write(f"- {given.out}: {len(bill['components'])} packages of {given.lock.name}\n")


if __name__ == "__main__":
    main()
