"""Programs whose client was screened: cleared by the prescriber, and the consent is signed."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

from kapclinic.core import clock
from programs.models import Program
from screening import services as screening
from screening.models import Measure
from screening.rules.conditions import CONDITIONS
from tests.cast.people import Cast
from tests.cast.programs import approved_protocol, opened_program
from tests.replay import taped

_editions = itertools.count(1)  # names of protocols are taken once


@taped
def clear(cast: Cast, program: Program) -> None:
    """Screen a healthy client and let the prescriber clear them; the consent is signed."""
    at = clock.now()
    pressure = {"systolic": 124, "diastolic": 80, "heart_rate": 66}
    twice = [pressure | {"measured_at": at - timedelta(minutes=before)} for before in (15, 10)]
    healthy = {code: False for code, condition in CONDITIONS.items() if condition.asked}
    values = {"program": program.pk, "answers": healthy, "blood_pressures": twice, "medications": []}
    draft = screening.create_screening(values=values, by=cast.np, at=at)
    submitted = screening.submit_screening(screening_id=draft.pk, by=cast.np, at=at)
    words = [
        {"finding": row.pk, "resolution": "Looked at: acceptable."}
        for row in submitted.findings.all()
        if row.severity in {"relative", "unknown"}
    ]
    screening.decide_screening(
        screening_id=draft.pk,
        decision="cleared",
        rationale="Suitable.",
        resolutions=words,
        by=cast.prescriber,
        at=at,
    )
    sign_consent(cast, program)


@taped
def sign_consent(cast: Cast, program: Program) -> None:
    values = {"program": program.pk, "document": "kap_treatment", "language": "en"}
    draft = screening.create_consent(values=values, by=cast.np, at=clock.now())
    screening.sign_consent(
        consent_id=draft.pk,
        signer_name="Robin Sample",
        method="typed",
        signature="",
        by=cast.np,
        at=clock.now(),
    )


@taped
def cleared_program(cast: Cast, **more: Any) -> Program:
    """A KAP program that may dose: cleared, consented, prepared (the default protocol here asks for none)."""
    more.setdefault("protocol", None)
    if more["protocol"] is None:
        more["protocol"] = approved_protocol(cast, name=f"KAP {next(_editions)}", min_preparations=0)
    program = opened_program(cast, **more)
    clear(cast, program)
    program.refresh_from_db()
    return program


@taped
def cssrs(cast: Cast, program: Program, *yes: int) -> Measure:
    """The C-SSRS screener since the last contact, at the clock's moment; `yes` are the questions answered so."""
    values = {
        "program": program.pk,
        "instrument": "cssrs",
        "form": "since_last_contact",
        "answers": [int(number in yes) for number in range(1, 7)],
        "language": "en",
        "administered_by": "nurse practitioner",
        "taken_at": clock.now(),
    }
    return screening.record_measure(values=values, by=cast.np, at=clock.now())
