"""What a superbill says beside its sums: the drug, who signed; and what it would say before it is issued."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from billing.documents import rules
from billing.documents.rules.left_out import LEFT_OUT
from billing.models import DocumentCounter, Superbill
from kapclinic.core import clock
from kapclinic.practice import services as practice
from kapclinic.practice.models import SYSTEM
from sessions.dosing.models import Administration
from sessions.visits import services as visits
from tests.asking import done, events, refused
from tests.billing.till import DOSED, NDC, NOW, SERVED, Till
from tests.cast import (
    PLAIN,
    Cast,
    booked,
    completed_session,
    cosigned_note,
    session_at_south,
    started_session,
)

DAY = timedelta(days=1)


def preview(till: Till, **body: Any) -> Any:
    return till.desk.post("superbills/?preview=true", till.period() | body)


# --- a drug line -----------------------------------------------------------------------------------------------------


def test_a_drug_line_says_what_was_given_and_needs_its_ndc(till: Till) -> None:
    session = till.injection()
    till.charge(session, code="J3490", amount="95.00")
    answer = refused(till.superbill(), 409, "incomplete")
    assert [(e["pointer"], e["code"]) for e in answer["errors"]] == [("/lines/0/ndc", "ndc_missing")]
    reversed_ = till.desk.get(f"charges/?session={session.pk}").json()["results"][0]
    till.desk.must(f"charges/{reversed_['id']}/reverse/", {"reason": "no NDC"}, status=201)
    till.charge(session, code="J3490", amount="95.00", **NDC)
    till.charge(session, code="99214", amount="150.00")
    drug, visit = done(till.superbill(), 201)["lines"]
    assert (drug["drug"], drug["dose"], drug["route"]) == ("ketamine", "40 mg", "intramuscular")
    assert drug["ndc"] == "00409205310 ML1.5"
    assert (visit["drug"], visit["dose"], visit["route"], visit["ndc"]) == ("", "", "", "")


def test_a_drug_line_without_a_dose_from_the_safe_is_on_no_paper(till: Till, cast: Cast) -> None:
    session = till.injection()
    till.charge(session, code="J3490", amount="95.00", **NDC)
    paper = done(till.superbill(), 201)
    dose = Administration.objects.get(session=session)
    with clock.fixed(NOW + timedelta(hours=1)):
        visits.void_administration(
            dose_id=dose.pk, reason="Another client", by=cast.prescriber, at=clock.now()
        )
        assert till.desk.get(f"superbills/{paper['id']}/").json()["outdated"] is True
        answer = refused(till.superbill(), 409, "incomplete")
    assert [(e["pointer"], e["code"]) for e in answer["errors"]] == [("/lines/0/drug", "not_in_record")]


# --- who signed ------------------------------------------------------------------------------------------------------


def test_each_line_names_who_signed_for_it_and_the_paper_the_last_of_them(till: Till, cast: Cast) -> None:
    till.charge()
    session = till.injection()
    with clock.fixed(NOW - DAY):
        late = till.session(starts_at=SERVED + timedelta(hours=5))
    till.charge(session, code="J3490", amount="95.00", **NDC)
    till.charge(late, amount="10.00")
    answer = done(till.superbill(), 201)
    told = [(line["code"], line["signature"]) for line in answer["lines"]]
    assert told == [
        (PLAIN, {"name": "Therapist", "signed_on": "2026-05-18"}),
        ("J3490", {"name": "Prescriber", "signed_on": "2026-05-18"}),
        (PLAIN, {"name": "Therapist", "signed_on": "2026-05-18"}),
    ]
    assert answer["signature"] == {"name": "Therapist", "signed_on": "2026-05-18"}
    assert answer["subscriber"] is None
    assert answer["client_name"] == "Robin Sample"


def test_a_signature_stays_that_of_its_day_when_the_signer_takes_another_name(till: Till, cast: Cast) -> None:
    till.charge()
    practice.save_staff(user=cast.therapist, values={"name": "Somebody Else"}, by=cast.admin, at=NOW)
    signature = done(till.superbill(), 201)["signature"]
    assert signature["name"] == "Therapist"


def test_a_cosigner_who_is_named_on_the_line_is_its_signature(till: Till, cast: Cast) -> None:
    cast.therapist.needs_cosign = True
    cast.therapist.save_by(SYSTEM, at=NOW)
    session = completed_session(cast, till.program, starts_at=SERVED)
    cosigned_note(session, by=cast.therapist, cosigner=cast.prescriber)
    till.charge(session)
    line = done(till.superbill(), 201)["lines"][0]
    assert line["signature"]["name"] == "Therapist"
    assert line["rendering"]["supervisor"]["name"] == "Prescriber"


# --- before it is issued ---------------------------------------------------------------------------------------------


def test_a_preview_is_the_same_body_without_a_number_and_writes_nothing(till: Till) -> None:
    charge = till.charge()
    till.pay("200.00", (charge, "150.00"))
    before = done(preview(till), 200)
    assert not Superbill.objects.exists()
    assert not DocumentCounter.objects.exists()
    assert (before["number"], before["id"], before["sha256"], before["created_at"]) == (None,) * 4
    assert before["left_out"] == []
    issued = done(till.superbill(), 201)
    only_issued = {"number", "id", "sha256", "created_at", "allowed_moves"}
    assert {name: value for name, value in issued.items() if name not in only_issued} == {
        name: value for name, value in before.items() if name not in only_issued | {"left_out"}
    }
    assert events("superbill.create")[0][1:] == ("ok", [till.client.pk])


def test_a_paper_names_the_client_as_on_the_card_and_ends_with_its_notes(till: Till) -> None:
    till.charge()
    paper = done(till.superbill(), 201)
    assert paper["client_as"] == {
        "name": "Robin Sample",
        "address": rules.address_lines(till.client.address),
        "date_of_birth": till.client.date_of_birth.isoformat(),
        "mrn": till.client.mrn,
    }
    assert paper["notes"] == list(rules.SUPERBILL_NOTES)
    till.rename(legal_first_name="Robyn")
    again = done(till.desk.get(f"superbills/{paper['id']}/"), 200)
    assert again["client_as"] == paper["client_as"]


def test_only_what_is_new_goes_on_paper_where_that_is_asked(till: Till) -> None:
    till.charge()
    first = done(till.superbill(only_new=True), 201)
    refused(till.superbill(only_new=True), 409, "nothing_to_bill")
    refused(preview(till, only_new=True), 409, "nothing_to_bill")
    added = till.charge(till.session(starts_at=SERVED + timedelta(hours=6)))
    for answer in (preview(till, only_new=True), till.superbill(only_new=True)):
        paper = done(answer, answer.status_code)
        assert [line["charge"] for line in paper["lines"]] == [added["id"]]
        assert paper.get("left_out", []) == []  # the first session stands on its own paper
    instead = done(till.superbill(only_new=True, corrects=first["id"]), 201)
    assert [line["charge"] for line in instead["lines"]] == [line["charge"] for line in first["lines"]]
    gone = done(till.desk.get("superbills/", replaced="true"), 200)["results"]
    assert [(row["id"], row["replaced_by"]) for row in gone] == [(first["id"], instead["number"])]
    stand = done(till.desk.get("superbills/", replaced="false"), 200)["results"]
    assert first["id"] not in [row["id"] for row in stand]
    assert len(done(till.superbill(), 201)["lines"]) == 2


def test_a_preview_tells_each_session_that_it_leaves_out_and_why(till: Till, cast: Cast) -> None:
    till.charge()
    with clock.fixed(SERVED - DAY):
        unsigned = completed_session(cast, till.program, starts_at=SERVED - DAY)
    with clock.fixed(SERVED - DAY + timedelta(hours=3)):
        running = booked(cast, till.program, "preparation", clock.now(), override_reason="late")
        started_session(running, by=cast.np)
    uncharged = till.session(starts_at=SERVED + timedelta(hours=6))
    inside = till.dose()
    till.charge(inside, code="KAP-DOSE", amount="300.00")
    before = till.session(starts_at=SERVED - 30 * DAY)
    booked(cast, till.program, "preparation", NOW + DAY)
    left_out = done(preview(till), 200)["left_out"]
    told = {row["session"]: (row["reason"], row["detail"]) for row in left_out}
    first = next(row for row in left_out if row["session"] == str(unsigned.pk))
    assert (first["kind"], first["number"], first["date"]) == ("preparation", unsigned.number, "2026-05-17")
    assert {session: reason for session, (reason, _) in told.items()} == {
        str(unsigned.pk): "note_unsigned",
        str(running.pk): "not_completed",
        str(uncharged.pk): "not_charged",
        str(inside.pk): "internal_code",
    }
    assert str(before.pk) not in told
    assert all(detail == LEFT_OUT[reason] for reason, detail in told.values())
    assert "said privately" not in str(told)


def test_a_preview_of_nothing_says_why(till: Till, cast: Cast) -> None:
    with clock.fixed(SERVED - DAY):
        unsigned = completed_session(cast, till.program, starts_at=SERVED - DAY)
    told = refused(preview(till), 409, "nothing_to_bill")
    detail = LEFT_OUT["note_unsigned"]
    about = {"session": str(unsigned.pk), "kind": "preparation", "number": 1, "date": "2026-05-17"}
    assert told["left_out"] == [about | {"reason": "note_unsigned", "detail": detail}]
    assert "left_out" not in refused(till.superbill(), 409, "nothing_to_bill")


def test_a_preview_refuses_what_the_paper_refuses(till: Till, cast: Cast) -> None:
    refused(preview(till), 409, "nothing_to_bill")
    till.charge()
    refused(preview(till, to_date="2026-04-30"), 400, "reversed", "/to_date")
    refused(preview(till, client=str(cast.north.pk)), 400, "not_found", "/client")
    refused(till.desk.post("superbills/?preview=", till.period()), 400, "invalid")
    cast.north.phone = ""
    cast.north.save_by(SYSTEM, at=NOW)
    refused(preview(till), 409, "incomplete")
    assert not DocumentCounter.objects.exists()


@pytest.mark.parametrize("who", ["frontdesk", "np", "therapist", "prescriber", "admin", "south_billing"])
def test_nobody_else_previews(till: Till, cast: Cast, who: str) -> None:
    till.charge()
    answer = cast.desk(who).post("superbills/?preview=true", till.period())
    if who == "south_billing":
        refused(answer, 400, "not_found", "/client")
    else:
        refused(answer, 403, "not_permitted")
    assert "Sample" not in answer.content.decode()


def test_sessions_at_another_location_are_not_told(till: Till, cast: Cast) -> None:
    till.charge()
    theirs = session_at_south(cast, till.program, starts_at=DOSED)
    assert done(preview(till), 200)["left_out"] == []
    assert theirs.location_id == cast.south.pk
