"""The steps of a client's course over HTTP, each by the role that does it; every journey is told in these words."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from kapclinic.core import clock
from screening.rules.conditions import CONDITIONS
from tests.cast import PASSWORD, Cast

CALM = {"systolic": 122, "diastolic": 78, "heart_rate": 70, "spo2": 98, "sedation": 5}
HEALTHY = {code: False for code, condition in CONDITIONS.items() if condition.asked}


def moment(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def register(cast: Cast, **more: Any) -> dict[str, Any]:
    body = {
        "legal_first_name": "Robin",
        "legal_last_name": "Sample",
        "chosen_name": "Rob",
        "date_of_birth": "1985-03-02",
        "administrative_sex": "X",
        "phone": "303-555-0142",
        "address": {"line1": "1 Example Street", "city": "Denver", "state": "CO", "postal_code": "80202"},
        "locations": [str(cast.north.pk)],
    }
    return cast.desk("frontdesk").must("clients/", body | more)


def approve_protocol(cast: Cast, **more: Any) -> dict[str, Any]:
    body = {"name": "KAP sublingual", "program_type": "kap", "route": "sublingual"} | more
    draft = cast.desk("director").must("protocols/", body)
    return cast.desk("director").must(f"protocols/{draft['id']}/approve/")


def open_program(cast: Cast, client: dict[str, Any], protocol: dict[str, Any], **more: Any) -> dict[str, Any]:
    body = {
        "client": client["id"],
        "protocol": protocol["id"],
        "location": str(cast.north.pk),
        "therapist": str(cast.therapist.pk) if protocol["program_type"] == "kap" else None,
        "prescriber": str(cast.prescriber.pk),
        "diagnosis": "F33.2",
        "goals": "Sleep, and see friends again",
        "accepted_modalities": ["in_person", "video"],
    }
    return cast.desk("frontdesk").must("programs/", body | more)


def book(cast: Cast, program: dict[str, Any], kind: str, starts_at: datetime, **more: Any) -> dict[str, Any]:
    lengths = {"preparation": 60, "integration": 60, "dosing": 180, "medical": 30}
    staff = [{"user": str(cast.therapist.pk), "role": "therapist"}]
    if kind == "dosing":
        staff.append({"user": str(cast.np.pk), "role": "nurse_practitioner"})
    body = {
        "program": program["id"],
        "kind": kind,
        "modality": "in_person",
        "starts_at": moment(starts_at),
        "ends_at": moment(starts_at + timedelta(minutes=lengths[kind])),
        "room": str(cast.aspen.pk),
        "staff": staff,
    }
    return cast.desk("frontdesk").must("sessions/", body | more)


def screen_and_clear(
    cast: Cast, program: dict[str, Any], *, measured_at: datetime | None = None
) -> dict[str, Any]:
    taken = measured_at or clock.now() - timedelta(minutes=10)
    pressure = {"systolic": 124, "diastolic": 80, "heart_rate": 66}
    body = {
        "program": program["id"],
        "answers": HEALTHY,
        "blood_pressures": [
            pressure | {"measured_at": moment(taken - timedelta(minutes=before))} for before in (5, 0)
        ],
        "medications": [],
    }
    draft = cast.desk("np").must("screenings/", body)
    submitted = cast.desk("np").must(f"screenings/{draft['id']}/submit/")
    resolutions = [
        {"finding": row["id"], "resolution": "Looked at: acceptable."}
        for row in submitted["findings"]
        if row["severity"] in {"relative", "unknown"}
    ]
    decision = {"decision": "cleared", "rationale": "Suitable.", "resolutions": resolutions}
    return cast.desk("prescriber").must(f"screenings/{draft['id']}/decide/", decision)


def hold_session(
    cast: Cast, session: dict[str, Any], *, by: str = "therapist", late: bool = False
) -> dict[str, Any]:
    """Check in, start and complete a session that is not a dose."""
    start = datetime.fromisoformat(session["starts_at"])
    end = datetime.fromisoformat(session["ends_at"])
    path = f"sessions/{session['id']}"
    at = {"at": moment(start)} if late else {}
    cast.desk("frontdesk").must(f"{path}/check-in/", at)
    cast.desk(by).must(f"{path}/start/", at)
    return cast.desk(by).must(f"{path}/complete/", {"at": moment(end)} if late else {})


def sign_consent(cast: Cast, program: dict[str, Any]) -> dict[str, Any]:
    draft = cast.desk("np").must("consents/", {"program": program["id"], "document": "kap_treatment"})
    signature = {"signer_name": "Robin Sample", "method": "typed"}
    return cast.desk("np").must(f"consents/{draft['id']}/sign/", signature)


def order(cast: Cast, session: dict[str, Any], **more: Any) -> dict[str, Any]:
    body = {
        "drug": "ketamine",
        "route": "sublingual",
        "dose_mg": "100",
        "max_total_mg": "200",
        "valid_until": moment(datetime.fromisoformat(session["ends_at"]) + timedelta(days=1)),
    }
    given = {name: value for name, value in (body | more).items() if value is not None}
    return cast.desk("prescriber").must(f"sessions/{session['id']}/orders/", given)


def read(cast: Cast, session: dict[str, Any], measured_at: datetime, **more: Any) -> dict[str, Any]:
    body = CALM | {"measured_at": moment(measured_at)} | more
    return cast.desk("np").must(f"sessions/{session['id']}/readings/", body)


def name_escort(cast: Cast, session: dict[str, Any]) -> dict[str, Any]:
    escort = {"escort": {"name": "Alex Example", "phone": "303-555-0177", "relationship": "friend"}}
    answer = cast.desk("frontdesk").patch(f"sessions/{session['id']}/", escort)
    assert answer.status_code == 200, answer.content
    return answer.json()  # type: ignore[no-any-return]


def ask_before(cast: Cast, session: dict[str, Any], start: datetime, *more: str) -> dict[str, Any]:
    """What the nurse asks and looks at before the drug: identity, sobriety, equipment, health since, last meal."""
    asked = ("identifiers", "not_intoxicated", "equipment", "contraindications", "pdmp", *more)
    noted = {"attestations": dict.fromkeys(asked, True), "fasting_since": moment(start - timedelta(hours=8))}
    answer = cast.desk("np").patch(f"sessions/{session['id']}/", noted)
    assert answer.status_code == 200, answer.content
    return answer.json()  # type: ignore[no-any-return]


def screen_for_suicide(cast: Cast, program: dict[str, Any]) -> dict[str, Any]:
    """The C-SSRS screener since the last contact, all answered with no."""
    body = {
        "program": program["id"],
        "instrument": "cssrs",
        "form": "since_last_contact",
        "answers": [0] * 6,
        "taken_at": moment(clock.now()),
        "administered_by": "nurse practitioner",
    }
    return cast.desk("np").must("measures/", body)


def dose(session: dict[str, Any], order_: dict[str, Any], at: datetime, **more: Any) -> dict[str, Any]:
    """The body of an administration."""
    return {
        "order": order_["id"],
        "dose_mg": "100",
        "supply": "client_prescription",
        "administered_at": moment(at),
        "given_by": "self_observed",
    } | more


def go_home(cast: Cast, session: dict[str, Any], at: datetime) -> dict[str, Any]:
    stated = ("oriented", "walks_unaided", "symptoms_tolerable", "safety_addressed", "instructions_given")
    body = {
        "checklist": dict.fromkeys(stated, True),
        "escort_present": True,
        "discharged_at": moment(at),
    }
    return cast.desk("np").must(f"sessions/{session['id']}/discharge/", body)


def write_note(cast: Cast, session: dict[str, Any], *, by: str = "therapist") -> dict[str, Any]:
    """Draft, save on the way, and sign."""
    kind = session["kind"]
    body = {"session": session["id"], "kind": kind, "frame": "dap", "sections": {"data": "Arrived well."}}
    note = cast.desk(by).must("notes/", body)
    sections = {"data": "Arrived well.", "assessment": "Settled.", "plan": "Go on."}
    saved = cast.desk(by).patch(f"notes/{note['id']}/", {"sections": sections})
    assert saved.status_code == 200, saved.content
    return cast.desk(by).must(f"notes/{note['id']}/sign/", {"password": PASSWORD})


def dosing_day(cast: Cast, session: dict[str, Any], start: datetime) -> dict[str, Any]:
    """Everything before the drug: check-in, escort, questions, order, vital signs. Returns the order."""
    cast.desk("frontdesk").must(f"sessions/{session['id']}/check-in/", {"at": moment(start)})
    name_escort(cast, session)
    ask_before(cast, session, start)
    order_ = order(cast, session)
    read(cast, session, start + timedelta(minutes=5))
    return order_


def watch(cast: Cast, session: dict[str, Any], dosed_at: datetime, minutes: tuple[int, ...]) -> None:
    """A calm reading at each of these minutes after the dose; each answers a check."""
    for minute in minutes:
        with clock.fixed(dosed_at + timedelta(minutes=minute, seconds=30)):
            assert read(cast, session, dosed_at + timedelta(minutes=minute))["check"]


def receive_lot(cast: Cast, **more: Any) -> dict[str, Any]:
    body = {
        "location": str(cast.north.pk),
        "drug": "ketamine",
        "form": "vial",
        "concentration_mg_per_ml": "50",
        "lot_number": "A-1",
        "expires_on": "2027-06-30",
        "quantity_mg": "500",
        "supplier": "Supply Co",
        "invoice": "INV-7",
    }
    return cast.desk("np").must("drug-lots/", body | more)
