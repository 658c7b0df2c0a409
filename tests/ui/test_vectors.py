"""The tablet judges a reading as the server does: the same vectors, run by the module that the browser loads."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
VECTORS = ROOT / "tests" / "vectors"
MODULE = ROOT / "kapclinic" / "ui" / "static" / "ui" / "js" / "bedside" / "bands.js"

# Judges each case an hour after a dose (or without one), beside what was read so many seconds before.
RUNNER = """
import { readFileSync } from "node:fs";
const { bandsAt, worst } = await import(process.argv[1]);
const { bands, well, cases } = JSON.parse(readFileSync(process.argv[2]));
const [at, dosed] = [3600000, process.argv[3] === "dosed" ? 0 : null];
console.log(JSON.stringify(cases.map((one) => {
  const vitals = { ...well, ...one.vitals };
  const others = (one.earlier ?? []).map(({ seconds_before, ...rest }) =>
    [at - seconds_before * 1000, { ...well, ...(rest.vitals ?? rest) }]);
  const found = bandsAt(at, vitals, bands, others, dosed);
  const loud = Object.fromEntries(Object.entries(found).filter(([, band]) => band !== "go"));
  return { expect: loud, worst: worst(found), signs: Object.keys(found).length };
})));
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node; the browser tests judge in a browser")
@pytest.mark.parametrize(("name", "dosed"), [("bands_pre_dose", "undosed"), ("bands_in_session", "dosed")])
def test_the_tablet_judges_as_the_server_does(name: str, dosed: str) -> None:
    path = VECTORS / f"{name}.json"
    command = ["node", "--input-type=module", "-e", RUNNER, str(MODULE), str(path), dosed]
    output = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout
    cases: list[dict[str, Any]] = json.loads(path.read_text())["cases"]
    assert len(cases) > 20
    for case, said in zip(cases, json.loads(output), strict=True):
        assert (said["expect"], said["worst"]) == (case["expect"], case["worst"]), case


def test_a_table_of_bands_that_is_older_gets_the_edges_of_the_policy() -> None:
    """The numbers in the module are those of the default policy, for protocols that lack them."""
    bands = json.loads((VECTORS / "bands_in_session.json").read_text())["bands"]
    text = MODULE.read_text()
    for name in ("etco2", "extreme"):
        written = ", ".join(f"{key}: {json.dumps(value)}" for key, value in bands[name].items())
        assert f"const {name.upper()} = {{ {written} }};" in text
