"""The next course takes over what still holds: a standing clearance and signatures, as far as its protocol allows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kapclinic.core import clock
from programs.models import Program
from screening.models import Clearance, Consent, Screening
from screening.selectors import current_clearance
from tests import cast as people
from tests.asking import done, refused
from tests.cast import MONDAY, Cast

NEXT = MONDAY + timedelta(days=30)
REASON = "Goes on by injection"


def protocol(cast: Cast, name: str, **more: Any) -> str:
    return str(people.approved_protocol(cast, name=name, min_preparations=0, **more).pk)


def go_on(cast: Cast, program: Program, who: str = "prescriber", **body: Any) -> Any:
    return cast.desk(who).post(f"programs/{program.pk}/continue/", {"reason": REASON} | body)


def left(answer: dict[str, Any]) -> dict[str, str]:
    return {row["what"]: row["code"] for row in answer["carried"]["left"]}


def test_the_next_course_on_the_same_route_stands_on_the_same_clearance_and_consents(cast: Cast) -> None:
    program = people.cleared_program(cast)
    words = {"reasons": "Wants to talk"}
    cast.desk("therapist").patch(f"programs/{program.pk}/", {"goals": "Sleep", "pathway": words})
    before, signed = Clearance.objects.get(), Consent.objects.get()
    with clock.fixed(NEXT):
        made = done(go_on(cast, program, protocol=protocol(cast, "Fewer", planned_doses=2)), 201)
        assert (made["continues"], made["phase"], made["status"]) == (str(program.pk), "dosing", "active")
        assert (made["goals"], made["pathway"]["reasons"]) == ("Sleep", "Wants to talk")
        assert (made["therapist"], made["diagnosis"]) == (str(cast.therapist.pk), "F33.2")
        ended = cast.desk("np").get(f"programs/{program.pk}/").json()
        assert (ended["status"], ended["status_reason"]) == ("completed", REASON)
        clearance = cast.desk("np").get(f"clearances/{made['carried']['clearance']}/").json()
        assert (clearance["program"], clearance["state"]) == (made["id"], "standing")
        assert clearance["expires_on"] == str(before.expires_on)
        assert clearance["decided_by"] == str(before.decided_by_id)
        screened = cast.desk("np").get(f"screenings/{clearance['screening']}/").json()
        assert screened["carried_from"] == str(before.screening_id)
        assert screened["answers"] == before.screening.answers
        old = cast.desk("np").get(f"screenings/{before.screening_id}/").json()
        keys = ("code", "severity", "resolution")
        assert [[row[k] for k in keys] for row in screened["findings"]] == [
            [row[k] for k in keys] for row in old["findings"]
        ]
        (consent,) = [cast.desk("np").get(f"consents/{pk}/").json() for pk in made["carried"]["consents"]]
        assert (consent["carried_from"], consent["content_hash"]) == (str(signed.pk), signed.content_hash)
        assert (consent["signer_name"], consent["signed_at"]) == ("Robin Sample", "2026-05-04T15:00:00Z")
        assert left(made) == {}
        session = people.ready_dose(cast, Program.objects.get(pk=made["id"]))
        assert cast.desk("np").get(f"sessions/{session.pk}/readiness/").json()["ready"] is True
        # What comes afterwards suspends it, as any clearance.
        body = {"client": made["client"], "kind": "urine_hcg", "result": "positive"}
        cast.desk("np").must("lab-results/", body | {"taken_at": NEXT.isoformat()})
        assert cast.desk("np").get(f"clearances/{clearance['id']}/").json()["state"] == "suspended"


def test_another_route_asks_for_a_new_screening_and_a_new_treatment_consent(cast: Cast) -> None:
    program = people.cleared_program(cast)
    privacy = {"program": str(program.pk), "document": "privacy"}
    paper = cast.desk("frontdesk").must("consents/", privacy)["id"]
    cast.desk("frontdesk").must(f"consents/{paper}/sign/", {"signer_name": "Robin Sample", "method": "typed"})
    injection = protocol(cast, "Injection", route="intramuscular")
    made = done(go_on(cast, program, protocol=injection, therapist=str(cast.therapist.pk)), 201)
    assert (made["phase"], made["carried"]["clearance"], len(made["carried"]["consents"])) == (
        "screening",
        None,
        1,
    )
    assert left(made) == {"clearance": "other_route", "kap_treatment": "other_route"}
    assert not Clearance.objects.filter(program=made["id"]).exists()


@pytest.mark.parametrize("why", ["suspended", "voided", "expired", "weighed otherwise"])
def test_a_clearance_that_does_not_stand_is_not_carried(cast: Cast, why: str) -> None:
    program, when, more = people.cleared_program(cast), NEXT, {}
    clearance = Clearance.objects.get()
    if why == "suspended":
        body = {"client": str(program.client_id), "text": "Nardil 15 mg"}
        cast.desk("np").must("medications/", body)
    elif why == "voided":
        cast.desk("prescriber").must(f"clearances/{clearance.pk}/void/", {"reason": "Of her twin"})
    elif why == "expired":
        more = {"limits": {"clearance_days": 29}}
    else:
        more = {"limits": {"severities": {"LACT": "absolute"}}}
    with clock.fixed(when):
        made = done(go_on(cast, program, protocol=protocol(cast, "Next", **more)), 201)
    code = "other_rules" if why == "weighed otherwise" else "not_standing"
    assert (made["phase"], left(made)) == ("screening", {"clearance": code})
    assert len(made["carried"]["consents"]) == 1
    assert Screening.objects.count() == 1


def test_a_signature_of_too_long_ago_is_not_carried(cast: Cast) -> None:
    program = people.cleared_program(cast)
    with clock.fixed(NEXT):
        made = done(go_on(cast, program, protocol=protocol(cast, "Next", limits={"consent_days": 29})), 201)
    assert (left(made), made["carried"]["consents"]) == ({"kap_treatment": "outdated"}, [])


def test_who_may_and_what_is_refused_changes_nothing(cast: Cast) -> None:
    program, other = people.cleared_program(cast), protocol(cast, "Next")
    for who in ("frontdesk", "np", "billing"):
        refused(go_on(cast, program, who, protocol=other), 403, "not_permitted")
    assert go_on(cast, program, "south_prescriber", protocol=other).status_code == 404
    refused(go_on(cast, program, protocol=other, reason=""), 400, "blank", "/reason")
    nobody = "01900000-0000-7000-8000-00000000dead"
    refused(go_on(cast, program, protocol=nobody), 400, "not_found", "/protocol")
    refused(go_on(cast, program, protocol=other, therapist=str(cast.np.pk)), 400, "wrong_role", "/therapist")
    program.refresh_from_db()
    assert (program.status, Program.objects.count()) == ("active", 1)
    done(go_on(cast, program, protocol=other), 201)
    refused(go_on(cast, program, protocol=other), 409, "illegal_transition")
    assert Program.objects.count() == 2


def test_what_the_next_course_took_over_ends_with_what_it_was_taken_from(cast: Cast) -> None:
    """The ECG was another client's, and the client takes the consent back: no course stands on either, however long the
    line of courses is.
    """
    first = people.cleared_program(cast)
    with clock.fixed(NEXT):
        second = Program.objects.get(pk=done(go_on(cast, first, protocol=protocol(cast, "Two")), 201)["id"])
        third = Program.objects.get(pk=done(go_on(cast, second, protocol=protocol(cast, "Three")), 201)["id"])
        clearance, consent = Clearance.objects.get(program=first), Consent.objects.get(program=first)
        words = {"reason": "The ECG was another client's"}
        cast.desk("prescriber").must(f"clearances/{clearance.pk}/void/", words)
        cast.desk("np").must(f"consents/{consent.pk}/revoke/", {"reason": "Taken back"})
        ends = {(row.void_reason, row.voided_by_id) for row in Clearance.objects.all()}
        assert ends == {(words["reason"], cast.prescriber.pk)}
        assert set(Consent.objects.values_list("status", "revoke_reason")) == {("revoked", "Taken back")}
        assert current_clearance(program_id=third.pk, at=NEXT) is None
