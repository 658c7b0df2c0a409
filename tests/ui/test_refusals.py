"""A Spanish page says in Spanish why something is refused, and keeps what only the server knows."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import pytest

from kapclinic.ui.modules import HOUSE

RUNNER = """
globalThis.document = { documentElement: { lang: process.argv[2] } };
const { told, gateName } = await import(`${process.argv[1]}/i18n.js`);
const { byField, read, words } = await import(`${process.argv[1]}/problem.js`);
const problems = [];
for (const body of JSON.parse(process.argv[3])) problems.push(await read({ status: 409, json: async () => body, headers: new Map() }));
console.log(JSON.stringify({
  said: problems.map(words),
  fields: problems.map(byField),
  told: told("Count the drug safe."),
  gate: gateName({ code: "vitals", label: "Vital signs" }),
}));
"""
REFUSED: list[dict[str, Any]] = [
    {"code": "same_dose", "detail": "A dose of this order stands."},
    {"code": "insufficient_stock", "detail": "The lot holds 12 mg."},
    {"code": "witness_invalid", "detail": "The password is wrong."},
    {"code": "not_permitted", "detail": "x"},
    {"code": "of_tomorrow", "detail": "Only the server knows."},
    {
        "code": "invalid",
        "detail": "reason: At least 3 characters are expected.",
        "errors": [
            {"pointer": "/reason", "code": "min_length", "detail": "At least 3 characters are expected."},
            {"pointer": "/at", "code": "in_the_future", "detail": "This time has not come yet."},
            {"pointer": "/dose_mg", "code": "above_order", "detail": "The order is for 40 mg at a time."},
        ],
    },
]

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="needs Node")


def shown(language: str) -> dict[str, Any]:
    command = ["node", "--input-type=module", "-e", RUNNER, str(HOUSE / "js" / "core"), language]
    ran = subprocess.run(
        [*command, json.dumps(REFUSED)], capture_output=True, text=True, check=False, timeout=30
    )
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def test_a_refusal_is_said_by_its_code() -> None:
    found = shown("es")
    assert found["said"][0] == "Esta dosis ya está registrada."
    assert found["said"][1] == "El lote no contiene tanto (The lot holds 12 mg.)"
    assert found["said"][2] == "Este testigo no vale: The password is wrong."
    assert found["said"][4:] == ["Only the server knows.", "Se esperan al menos 3 caracteres."]
    assert found["fields"][5] == {
        "reason": "Se esperan al menos 3 caracteres.",
        "at": "Este momento todavía no ha llegado.",
        "dose_mg": "Es más de lo que dice la orden (The order is for 40 mg at a time.)",
    }
    assert found["told"] == "Cuente la caja fuerte de fármacos."
    assert found["gate"].startswith("Los signos vitales")


def test_an_english_page_says_it_as_the_server_does() -> None:
    found = shown("en")
    assert found["said"][:3] == [one["detail"] for one in REFUSED[:3]]
    assert found["fields"][5]["reason"] == "At least 3 characters are expected."
    assert (found["told"], found["gate"]) == ("Count the drug safe.", "Vital signs")
