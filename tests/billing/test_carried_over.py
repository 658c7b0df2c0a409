"""What the migration to borne-out charges makes of the codes and lines that a clinic has already."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection

import billing
from billing.models import ServiceCode
from kapclinic.practice.models import SYSTEM
from tests.asking import as_superuser
from tests.billing.till import NOW, SERVED, Till
from tests.cast import Cast, completed_session, cosigned_note

FILE = next((Path(billing.__file__).parent / "migrations").glob("*_borne_out.py"))
MIGRATION: Any = import_module(f"billing.migrations.{FILE.stem}")


def test_codes_that_are_there_learn_what_they_ask_of_the_record(till: Till) -> None:
    wanted = {row.code: row for row in ServiceCode.objects.all()}
    asked = ("minutes_min", "minutes_max", "minutes_of", "unit_minutes", "units_max", "units_by", "requires")
    bare = {"unit_minutes": None, "units_max": None, "units_by": "", "requires": {}, "minutes_of": "note"}
    before = {"96365": (16, 90), "96366": (31, None), "G2083": (None, None), "0820T": (None, None)}
    for code in (*before, "90837", "KAP-DOSE"):
        row = ServiceCode.objects.get(code=code)
        for name, value in (bare | {"addon_of": [], "excludes": []}).items():
            setattr(row, name, value)
        row.minutes_min, row.minutes_max = before.get(code, (row.minutes_min, row.minutes_max))
        row.save_by(SYSTEM, at=NOW)
    MIGRATION.tell_codes(None, SimpleNamespace(connection=connection))
    for code in (*before, "90837", "KAP-DOSE"):
        row = ServiceCode.objects.get(code=code)
        for name in (*asked, "addon_of", "excludes"):
            assert getattr(row, name) == getattr(wanted[code], name), (code, name)


@pytest.mark.django_db(transaction=True)
def test_lines_that_stand_keep_what_is_known_now(till: Till, cast: Cast) -> None:
    learner = cast.therapist
    learner.needs_cosign = True
    learner.save_by(SYSTEM, at=SERVED)
    session = completed_session(cast, till.program, starts_at=SERVED)
    cosigned_note(session, by=learner, cosigner=cast.prescriber)
    charge = till.charge(session)
    with as_superuser() as owner:
        owner.execute("BEGIN")
        owner.execute("ALTER TABLE billing_charge DROP CONSTRAINT charge_rendered")
        owner.execute("UPDATE billing_charge SET label = '', rendering_as = NULL, supervisor_as = NULL")
        owner.execute(MIGRATION.CLINICIAN)
        owner.execute(MIGRATION.SNAPSHOTS)
        told = owner.execute("SELECT label, rendering_as, supervisor_as FROM billing_charge").fetchall()
        owner.execute("ROLLBACK")
    assert told == [(charge["label"], charge["rendering_as"], charge["supervisor_as"])]
