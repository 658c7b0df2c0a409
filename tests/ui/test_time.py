"""The tablet's reckoning of the server's clock, run by the module that the browser loads."""

from __future__ import annotations

import json
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

MODULE = (
    Path(__file__).resolve().parent.parent.parent
    / "kapclinic"
    / "ui"
    / "static"
    / "ui"
    / "js"
    / "core"
    / "time.js"
)

# A minute of answers, one in 700 ms, each 20 to 300 ms under way, of a server whose clock is `off` ms ahead.
RUNNER = """
globalThis.document = { documentElement: { lang: "en" }, querySelector: () => null, getElementById: () => null };
globalThis.localStorage = { getItem: () => null };
const { ahead, hearClock } = await import(process.argv[1]);
const off = Number(process.argv[2]);
const steps = [];
for (let turn = 0; turn < 90; turn += 1) {
  const sent = 1790000000000 + turn * 700;
  const got = sent + 20 + ((turn * 37) % 280);
  const stamped = Math.floor((sent + (got - sent) * 0.7 + off) / 1000) * 1000;
  hearClock(new Date(stamped).toUTCString(), sent, got);
  steps.push(ahead.get());
}
console.log(JSON.stringify(steps));
"""


@pytest.mark.skipif(
    shutil.which("node") is None, reason="needs Node; the browser tests read the clock in a browser"
)
@pytest.mark.parametrize("off", [0, 1, 499, 500, 999, -1, -3_600_123, 86_400_777])
def test_whole_seconds_are_narrowed_to_the_clock_of_the_server(off: int) -> None:
    """Each answer leaves a second of doubt, and none undoes what an earlier one told."""
    command = ["node", "--input-type=module", "-e", RUNNER, str(MODULE), str(off)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert ran.returncode == 0, ran.stderr
    steps: list[int] = json.loads(ran.stdout)
    errors = [step - off for step in steps]
    assert max(map(abs, errors)) <= 800
    assert abs(errors[-1]) <= 160
    assert all(abs(after) <= abs(before) for before, after in pairwise(errors))
