"""What the image is made of is told in full, alike each time, and a look for vulnerabilities is never a false all-clear."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

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
    ("answer", "knows"),
    [(b'{"vulnerabilities": []}', False), (b"no json", False), (b'{"vulnerabilities": [{}]}', True)],
)
def test_a_source_that_tells_of_nothing_is_not_believed(answer: bytes, knows: bool) -> None:
    class Source(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Source) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        assert audit.knows(f"http://127.0.0.1:{server.server_port}/") is knows
        server.shutdown()


def test_without_its_source_the_look_says_that_nothing_was_looked_at(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(audit, "knows", lambda: False)
    assert audit.main() == 0
    assert "Nothing was looked at" in capsys.readouterr().out
