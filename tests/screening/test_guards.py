"""The database holds it by itself: what was submitted, decided, signed, measured or acknowledged can't be rewritten."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from kapclinic.core.audited import HistoryBypassed
from programs.models import Program
from screening import services
from screening.models import Clearance, Consent, Finding, Measure, SafetyAlert, Screening
from tests.cast import MONDAY, Cast
from tests.replay import played
from tests.screening.deciding import NO_TO_ALL, decide, submitted


@pytest.fixture
def full(cast: Cast, program: Program) -> None:
    """A decided and a submitted screening, a signed consent, a measure and its open alert."""
    played("full screening", lambda: _full(cast, program))


def _full(cast: Cast, program: Program) -> None:
    screening = submitted(cast, program, answers=NO_TO_ALL | {"OPHTH": True})
    words = [{"finding": f["id"], "resolution": "Seen by her eye doctor."} for f in screening["findings"]]
    assert decide(cast, screening, resolutions=words).status_code == 200
    submitted(cast, program, answers=NO_TO_ALL | {"PREG": True})
    body = {"program": str(program.pk), "document": "kap_treatment"}
    consent = cast.desk("frontdesk").post("consents/", body).json()
    sign = {"signer_name": "Robin Vale", "method": "typed"}
    assert cast.desk("frontdesk").post(f"consents/{consent['id']}/sign/", sign).status_code == 200
    measure = {
        "program": str(program.pk),
        "instrument": "phq9",
        "answers": [0] * 8 + [1],
        "taken_at": "2026-05-04T14:00:00Z",
        "administered_by": "self",
    }
    assert cast.desk("therapist").post("measures/", measure).status_code == 201


def refused(sql: str, *values: Any) -> str:
    with pytest.raises(DatabaseError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)
    return str(caught.value)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE screening_consent SET signer_name = 'Somebody Else'",
        "UPDATE screening_consent SET text = text || ' and more'",
        "UPDATE screening_consent SET content_hash = repeat('0', 64)",
        "UPDATE screening_consent SET signed_at = signed_at - interval '1 day'",
        "UPDATE screening_screening SET answers = '{}' WHERE status = 'submitted'",
        "UPDATE screening_screening SET blood_pressures = '[]' WHERE status = 'submitted'",
        "UPDATE screening_screening SET decided_at = decided_at + interval '1 day' WHERE status = 'decided'",
        "UPDATE screening_finding SET severity = 'info' WHERE severity = 'absolute'",
        "UPDATE screening_finding SET evidence = '' WHERE severity = 'absolute'",
        "UPDATE screening_finding SET resolution = 'Other words.' WHERE resolution <> ''",
        "UPDATE screening_clearance SET expires_on = expires_on + 365",
        "UPDATE screening_clearance SET decision = 'declined', expires_on = NULL",
        "UPDATE screening_safetyalert SET acknowledge_by = acknowledge_by + interval '1 day'",
        "UPDATE screening_safetyalert SET clinician_id = NULL",
    ],
)
def test_closed_rows_are_not_rewritten(full: None, sql: str) -> None:
    assert "frozen" in (message := refused(sql)) or "append-only" in message


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE screening_screening SET status = 'draft', submitted_at = NULL WHERE status = 'submitted'",
        "UPDATE screening_consent SET status = 'draft', signed_at = NULL",
        "UPDATE screening_consent SET status = 'draft'",
        "UPDATE screening_clearance SET voided_at = now()",
        "UPDATE screening_safetyalert SET status = 'acknowledged'",
    ],
)
def test_states_do_not_go_back_nor_half_way(full: None, sql: str) -> None:
    assert refused(sql)


def test_the_last_move_is_the_last(full: None, cast: Cast) -> None:
    clearance, consent, alert = Clearance.objects.get(), Consent.objects.get(), SafetyAlert.objects.get()
    prescriber = cast.prescriber
    services.void_clearance(clearance_id=clearance.pk, reason="Murmur.", by=prescriber, at=MONDAY)
    services.revoke_consent(consent_id=consent.pk, reason="Changed her mind.", by=prescriber, at=MONDAY)
    services.acknowledge_alert(alert_id=alert.pk, action="Called.", by=prescriber, at=MONDAY)
    assert refused("UPDATE screening_clearance SET voided_at = NULL, voided_by_id = NULL, void_reason = ''")
    assert refused("UPDATE screening_consent SET status = 'signed', revoked_at = NULL, revoke_reason = ''")
    assert refused("UPDATE screening_safetyalert SET action = 'Nothing.'")


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE screening_measure SET total = 0",
        "DELETE FROM screening_measure",
        "TRUNCATE screening_measure CASCADE",
    ],
)
def test_measures_are_only_ever_added(full: None, sql: str) -> None:
    assert refused(sql)
    assert Measure.objects.get().total == 1


@pytest.mark.parametrize(
    "table", ["screening", "finding", "clearance", "consent", "measure", "medication", "safetyalert"]
)
def test_nothing_is_deleted(full: None, table: str) -> None:
    assert "permission denied" in refused(f"DELETE FROM screening_{table}")


@pytest.mark.parametrize(
    "table", ["screening", "finding", "clearance", "consent", "medication", "safetyalert"]
)
def test_histories_are_only_ever_added_to(full: None, table: str) -> None:
    assert refused(f"UPDATE screening_historical{table} SET history_type = '-'")
    assert refused(f"DELETE FROM screening_historical{table}")


def test_the_models_refuse_too(full: None) -> None:
    measure = Measure.objects.get()
    with pytest.raises(HistoryBypassed):
        measure.save()
    with pytest.raises(HistoryBypassed):
        measure.delete()
    with pytest.raises(HistoryBypassed):
        Finding.objects.filter(severity="absolute").update(severity="info")
    assert Finding.objects.filter(severity="absolute").count() == 1


@pytest.mark.parametrize(
    "values",
    [
        {"status": "finished"},
        {"status": "submitted"},
        {"status": "decided", "submitted_at": MONDAY},
        {"status": "draft", "submitted_at": MONDAY},
    ],
)
def test_a_screening_has_one_of_its_states_with_their_times(
    cast: Cast, program: Program, values: dict
) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Screening(program=program, **values).save_by(cast.therapist, at=MONDAY)


def test_a_screening_is_decided_once(full: None, program: Program) -> None:
    row = Clearance.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        Clearance(
            program=row.program,
            screening=row.screening,
            decision="deferred",
            rationale="Again.",
            decided_by=row.decided_by,
            valid_from=MONDAY,
        ).save_by(row.decided_by, at=MONDAY)


def test_a_drawn_signature_that_is_no_picture_is_not_kept(cast: Cast, program: Program) -> None:
    body = {"program": str(program.pk), "document": "kap_treatment"}
    consent = cast.desk("frontdesk").must("consents/", body)
    signed = "status = 'signed', signed_at = now(), signer_name = 'Robin Vale', method = 'drawn', collected_by_id = %s"
    sql = f"UPDATE screening_consent SET {signed}, signature = %s WHERE id = %s"
    assert "consent_drawing" in refused(sql, cast.frontdesk.pk, "x", consent["id"])
    assert Consent.objects.get().status == "draft"
