"""The register that an inspector asks for: every line with what 21 CFR 1304.22(c) wants, as rows and on paper."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from pypdf import PdfReader

from kapclinic.core import clock
from kapclinic.trail.models import AuditEvent
from sessions.booking.models import Session
from sessions.drugs import register
from sessions.drugs.models import DrugLot
from tests.cast import IM, MONDAY, Cast, lot_of, weighed
from tests.sessions.giving import attempt, stock, witness


@pytest.fixture
def given(cast: Cast) -> tuple[Session, DrugLot]:
    """40 of 50 mg given from the safe at 09:00, written at 09:05; the rest wasted before a witness."""
    session, lot = weighed(cast, IM), lot_of(cast, ndc="00409-2053-10", supplier_dea_number="AB1234567")
    amounts = {
        "dose_mg": "40",
        "drawn_mg": "50",
        "given_mg": "40",
        "wasted_mg": "10",
        "witness": witness(cast),
    }
    with clock.fixed(MONDAY + timedelta(minutes=5)):
        answer = attempt(cast, session, **stock(lot, **amounts, administered_at=MONDAY.isoformat()))
    assert answer.status_code == 201, answer.content
    return session, lot


def rows(cast: Cast, who: str = "director", **query: str) -> list[dict[str, Any]]:
    answer = cast.desk(who).get("drug-register/", **{"location": str(cast.north.pk)} | query)
    assert answer.status_code == 200, answer.content
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


def test_a_dose_stands_with_client_address_units_volume_initials_and_witness(
    cast: Cast, given: tuple[Session, DrugLot]
) -> None:
    session, lot = given
    received, dose, waste = rows(cast)
    assert (received["kind"], received["balance_mg"]) == ("receive", "500.000")
    assert received["supplier"] == {
        "name": "Supply Co",
        "address": "",
        "dea_number": "AB1234567",
        "invoice": "INV-7",
    }
    assert dose["client"] == {
        "id": str(session.client_id),
        "name": session.client.legal_name,
        "address": "1 Example Street, Denver, CO 80202",
    }
    assert (dose["date"], dose["occurred_at"]) == ("2026-05-04", "2026-05-04T15:00:00Z")
    assert dose["recorded_at"] == "2026-05-04T15:05:00Z"
    amounts = ("amount_mg", "given_mg", "wasted_mg", "volume_ml", "balance_mg")
    assert [dose[name] for name in amounts] == ["50.000", "40.000", "10.000", "1.000", "450.000"]
    assert dose["by"] == {"name": "Np", "initials": "N", "credentials": "NP"}
    assert (dose["lot_number"], dose["ndc"], dose["expires_on"]) == ("A-1", "00409-2053-10", "2027-06-30")
    assert (waste["kind"], waste["witness"]["initials"], waste["delta_mg"]) == ("waste", "P", "0.000")
    assert dose["lot"] == str(lot.pk)


def test_the_day_is_the_clinics_and_what_is_asked_for_is_what_is_shown(
    cast: Cast, given: tuple[Session, DrugLot]
) -> None:
    day = {"from": "2026-05-04", "to": "2026-05-04"}
    assert len(rows(cast, **day)) == 3
    assert rows(cast, **{"from": "2026-05-05", "to": "2026-05-05"}) == []
    assert len(rows(cast, **day, drug="Ketamine")) == 3
    assert rows(cast, **day, drug="esketamine") == []


@pytest.mark.parametrize(
    ("who", "query", "status"),
    [
        ("south_np", {}, 404),
        ("therapist", {}, 403),
        ("frontdesk", {}, 403),
        ("billing", {}, 403),
        ("np", {"from": "2026-05-05", "to": "2026-05-04"}, 400),
        ("np", {"from": "2024-05-05", "to": "2026-05-04"}, 400),
    ],
)
def test_nobody_else_and_no_other_days(cast: Cast, who: str, query: dict[str, str], status: int) -> None:
    lot_of(cast)
    for path in ("drug-register/", "drug-register/pdf/"):
        answer = cast.desk(who).get(path, **{"location": str(cast.north.pk)} | query)
        assert answer.status_code == status, path
        assert b"Supply Co" not in answer.content


def test_reading_it_is_reading_the_clients_record_and_costs_the_same(
    cast: Cast, given: tuple[Session, DrugLot], django_assert_max_num_queries: Any
) -> None:
    session, _ = given
    for number in range(4):
        lot_of(cast, lot_number=f"B{number}")
    desk = cast.desk("prescriber")
    with django_assert_max_num_queries(4):  # who asks, the location, the rows; and the audit event
        assert desk.get("drug-register/", location=str(cast.north.pk)).json()["count"] == 7
    desk.get("drug-register/pdf/", location=str(cast.north.pk))
    for action in ("list", "pdf"):
        event = AuditEvent.objects.get(action=f"drug_register.{action}")
        assert (event.created_by, event.clients) == (cast.prescriber.pk, [session.client_id])


def test_the_paper_says_what_the_rows_say(cast: Cast, given: tuple[Session, DrugLot]) -> None:
    answer = cast.desk("director").get("drug-register/pdf/", location=str(cast.north.pk))
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/pdf")
    assert answer.headers["Content-Disposition"] == 'inline; filename="drug-register.pdf"'
    text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)
    words = " ".join(text.split())
    for said in (
        *("Controlled substance register", "North Clinic PLLC", "Robin Sample", "1 Example Street"),
        *("2026-05-04 09:00", "450.000", "AB1234567", "NDC 00409-2053-10", "Np, NP", "INV-7"),
    ):
        assert said in words, said


def test_two_people_with_the_same_initials_are_told_apart() -> None:
    people = [
        {"name": name, "initials": register.initials(name)} for name in ("Nora Park", "Nils Port", "Ada Orr")
    ]
    assert register.signs_of(people) == {"Nora Park": "Nora Park", "Nils Port": "Nils Port", "Ada Orr": "AO"}


def test_a_voided_dose_stays_in_the_register(cast: Cast, given: tuple[Session, DrugLot]) -> None:
    session, _ = given
    dose = session.administrations.get()
    path = f"sessions/{session.pk}/administrations/{dose.pk}/void/"
    cast.desk("prescriber").must(path, {"reason": "Wrong client"})
    assert [row["balance_mg"] for row in rows(cast)] == ["500.000", "450.000", "450.000"]
