"""What the image is made of is told in full, alike each time, and a look for vulnerabilities is never a false all-clear."""

from __future__ import annotations

import json
from pathlib import Path

import cyclonedx.schema
import pytest
from jsonschema import Draft7Validator
from referencing import Registry, Resource

from kapclinic.local import audit, sbom
from kapclinic.local.places import CHECKOUT

LOCK = CHECKOUT / "requirements.lock"
SCHEMAS = Path(cyclonedx.schema.__file__).parent / "_res"


def test_every_locked_package_is_in_the_bill_with_its_hashes() -> None:
    bill = sbom.bill_of(LOCK)
    told = {row["name"]: row for row in bill["components"]}
    assert told.keys() == {line.split("==")[0] for line in LOCK.read_text().splitlines() if "==" in line[:60]}
    assert all(row["hashes"] and row["purl"].startswith("pkg:pypi/") for row in told.values())
    assert told["django"]["licenses"]
    assert bill == sbom.bill_of(LOCK)


def test_the_bill_is_cyclonedx() -> None:
    def schema(name: str) -> dict[str, object]:
        found: dict[str, object] = json.loads((SCHEMAS / f"{name}.SNAPSHOT.schema.json").read_text())
        return found

    parts = [
        (f"{name}.SNAPSHOT.schema.json", Resource.from_contents(schema(name)))
        for name in ("spdx", "jsf-0.82")
    ]
    base = "http://cyclonedx.org/schema/"
    registry: Registry = Registry().with_resources([(base + name, part) for name, part in parts])
    Draft7Validator(schema("bom-1.6"), registry=registry).validate(sbom.bill_of(LOCK))


def test_a_lock_without_hashes_has_no_bill(tmp_path: Path) -> None:
    (tmp_path / "bare.lock").write_text("django==5.2.1\n")
    with pytest.raises(ValueError, match="django"):
        sbom.bill_of(tmp_path / "bare.lock")


@pytest.mark.parametrize(
    ("report", "told"),
    [
        ("", False),
        ("no json", False),
        ('{"dependencies": []}', False),
        ('{"dependencies": [{"name": "django", "version": "3.2", "vulns": []}]}', False),
        ('{"dependencies": [{"name": "django", "skip_reason": "not found"}]}', False),
        (
            '{"dependencies": [{"name": "django", "version": "3.2", "vulns": [{"id": "CVE-2021-35042"}]}]}',
            True,
        ),
    ],
)
def test_a_source_that_tells_of_nothing_is_not_believed(report: str, told: bool) -> None:
    assert audit.tells(report) is told


def test_without_its_source_the_look_says_that_nothing_was_looked_at(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(audit, "knows", lambda: False)
    assert audit.main() == 0
    assert "Nothing was looked at" in capsys.readouterr().out
