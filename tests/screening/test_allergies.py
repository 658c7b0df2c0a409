"""Allergies: a list, and the word that there are none, which is something else than an empty list."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from kapclinic.core import clock
from programs.models import Program
from screening.models import Allergy, NoneKnown, NoneKnownEnd
from screening.rules.allergies import is_of_the_medicine
from screening.selectors.allergies import allergies_of
from screening.services import allergies as services
from tests import cast as people
from tests.asking import done, events, pointers, refused, sql
from tests.cast import MONDAY, Cast, client
from tests.racing import race
from tests.screening.deciding import NO_TO_ALL, cleared, decide, submitted

PENICILLIN = {"substance": "Penicillin", "reaction": "Hives", "severity": "moderate"}
KETAMINE = {"substance": "Ketamine (Ketalar)", "reaction": "Rash"}


def path(program: Program, more: str = "") -> str:
    return f"clients/{program.client_id}/allergies/{more}"


def shown(cast: Cast, program: Program, who: str = "np") -> dict[str, Any]:
    return done(cast.desk(who).get(path(program)), 200)


def recorded(cast: Cast, program: Program, who: str = "np", **body: Any) -> dict[str, Any]:
    made: dict[str, Any] = cast.desk(who).must(path(program), PENICILLIN | body, status=201)
    return made


def none_known(cast: Cast, program: Program, who: str = "np") -> Any:
    return cast.desk(who).post(path(program, "none-known/"))


# --- the list ----------------------------------------------------------------------------------------------------------------


def test_of_a_new_client_nothing_is_recorded(cast: Cast, program: Program) -> None:
    assert shown(cast, program) == {
        "client": str(program.client_id),
        "state": "none_recorded",
        "results": [],
        "none_known": None,
        "screened": None,
    }


@pytest.mark.parametrize("who", ["np", "therapist", "prescriber", "director"])
def test_clinicians_record_read_and_take_back(cast: Cast, program: Program, who: str) -> None:
    made = recorded(cast, program, who)
    assert {name: made[name] for name in PENICILLIN} == PENICILLIN
    assert (made["client"], made["recorded_by"]) == (str(program.client_id), str(cast.people[who].pk))
    assert (made["voided"], made["allowed_moves"], made["version"]) == (None, ["void"], 1)
    found = shown(cast, program, who)
    assert (found["state"], found["results"]) == ("listed", [made])
    assert done(cast.desk(who).get(path(program, f"{made['id']}/")), 200) == made
    void = path(program, f"{made['id']}/void/")
    assert pointers(cast.desk(who).post(void, {})) == {"/reason"}
    back = cast.desk(who).must(void, {"reason": "Entered in error"}, status=200)
    at = {"at": "2026-05-04T15:00:00Z", "by": str(cast.people[who].pk), "reason": "Entered in error"}
    assert (back["voided"], back["allowed_moves"]) == (at, [])
    refused(cast.desk(who).post(void, {"reason": "Again"}), 409, "already_void")
    assert (shown(cast, program)["state"], shown(cast, program)["results"]) == ("none_recorded", [])


def test_what_nobody_knows_is_left_open(cast: Cast, program: Program) -> None:
    made = cast.desk("np").must(path(program), {"substance": "Latex"}, status=201)
    assert (made["reaction"], made["severity"]) == ("", None)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"substance": " "}, "/substance"),
        ({"substance": None}, "/substance"),
        ({"substance": "x" * 201}, "/substance"),
        ({"severity": "bad"}, "/severity"),
        ({"note": "x"}, "/note"),
        ({"client": "01900000-0000-7000-8000-00000000dead"}, "/client"),
    ],
)
def test_what_cannot_be_is_refused_by_field(
    cast: Cast, program: Program, change: dict[str, Any], pointer: str
) -> None:
    answer = cast.desk("np").post(path(program), PENICILLIN | change)
    assert (answer.status_code, pointers(answer)) == (400, {pointer})
    assert not Allergy.objects.exists()


@pytest.mark.parametrize("who", ["frontdesk", "billing", "admin"])
def test_nobody_else_sees_or_writes_them(cast: Cast, program: Program, who: str) -> None:
    made, desk = recorded(cast, program), cast.desk(who)
    refused(desk.get(path(program)), 403, "not_permitted")
    refused(desk.get(path(program, f"{made['id']}/")), 403, "not_permitted")
    refused(desk.post(path(program), PENICILLIN), 403, "not_permitted")
    refused(desk.post(path(program, "none-known/")), 403, "not_permitted")
    for more in ("none-known/void/", f"{made['id']}/void/"):
        refused(desk.post(path(program, more), {"reason": "No"}), 403, "not_permitted")
    assert Allergy.objects.count() == 1


def test_they_stay_in_their_house_and_with_their_client(cast: Cast, program: Program) -> None:
    made, desk = recorded(cast, program), cast.desk("south_prescriber")
    for more in ("", f"{made['id']}/"):
        refused(desk.get(path(program, more)), 404, "not_found")
    refused(desk.post(path(program), PENICILLIN), 404, "not_found")
    refused(desk.post(path(program, "none-known/")), 404, "not_found")
    for more in ("none-known/void/", f"{made['id']}/void/"):
        refused(desk.post(path(program, more), {"reason": "No"}), 404, "not_found")
    somebody = client(cast.north, by=cast.frontdesk, first="Other", phone="303-555-0188")
    other = f"clients/{somebody.pk}/allergies/{made['id']}/"
    refused(cast.desk("np").get(other), 404, "not_found")
    refused(cast.desk("np").post(f"{other}void/", {"reason": "Not hers"}), 404, "not_found")
    assert shown(cast, program)["results"] == [made]


def test_each_look_and_each_word_is_in_the_log(cast: Cast, program: Program) -> None:
    who = (cast.np.pk, "ok", [program.client_id])
    recorded(cast, program)
    shown(cast, program)
    assert (events("allergy.create"), events("allergy.show")) == ([who], [who])
    refused(none_known(cast, program), 409, "allergies_listed")
    assert events("allergy.none_known") == []


def test_a_key_sent_again_records_once(cast: Cast, program: Program) -> None:
    first, again = (cast.desk("np").post(path(program), PENICILLIN, key="tap") for _ in range(2))
    assert first.json() == again.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    refused(
        cast.desk("np").post(path(program), PENICILLIN | {"reaction": "None"}, key="tap"),
        422,
        "idempotency_key_reused",
    )
    assert Allergy.objects.count() == 1


# --- none known --------------------------------------------------------------------------------------------------------------


def test_none_known_says_who_asked_and_when_and_an_allergy_ends_it(cast: Cast, program: Program) -> None:
    said = done(none_known(cast, program), 201)
    assert said["none_known"] == {"by": str(cast.np.pk), "at": "2026-05-04T15:00:00Z"}
    assert (said["state"], said["results"]) == ("none_known", [])
    assert said == shown(cast, program)
    made = recorded(cast, program)
    found = shown(cast, program)
    assert (found["state"], found["none_known"]) == ("listed", None)
    assert NoneKnownEnd.objects.get().allergy_id == Allergy.objects.get().pk
    cast.desk("np").must(path(program, f"{made['id']}/void/"), {"reason": "Of her sister"})
    assert shown(cast, program)["state"] == "none_recorded"  # ask again


def test_none_known_is_refused_while_some_are_listed(cast: Cast, program: Program) -> None:
    made = recorded(cast, program)
    refused(none_known(cast, program), 409, "allergies_listed")
    assert not NoneKnown.objects.exists()
    cast.desk("np").must(path(program, f"{made['id']}/void/"), {"reason": "Entered in error"})
    assert done(none_known(cast, program), 201)["state"] == "none_known"


def test_asked_again_the_last_time_counts_and_all_is_taken_back_at_once(cast: Cast, program: Program) -> None:
    done(none_known(cast, program), 201)
    with clock.fixed(MONDAY + timedelta(days=2)):
        again = done(none_known(cast, program, "therapist"), 201)
    assert again["none_known"] == {"by": str(cast.therapist.pk), "at": "2026-05-06T15:00:00Z"}
    void = path(program, "none-known/void/")
    assert pointers(cast.desk("np").post(void, {})) == {"/reason"}
    assert cast.desk("np").must(void, {"reason": "Wrong client"}, status=200)["state"] == "none_recorded"
    refused(cast.desk("np").post(void, {"reason": "Wrong client"}), 409, "none_known_not_said")


def test_two_registrations_of_one_person_have_one_list(cast: Cast, program: Program) -> None:
    twin = client(cast.north, by=cast.frontdesk, first="Robyn", phone="303-555-0188")
    done(none_known(cast, program), 201)
    cast.desk("np").must(f"clients/{twin.pk}/allergies/", PENICILLIN, status=201)
    merge = {"into": str(program.client_id), "reason": "Same person"}
    cast.desk("director").must(f"clients/{twin.pk}/merge/", merge)
    found = shown(cast, program)
    assert (found["state"], found["none_known"]) == ("listed", None)
    refused(none_known(cast, program), 409, "allergies_listed")
    latex = cast.desk("np").must(f"clients/{twin.pk}/allergies/", {"substance": "Latex"}, status=201)
    assert [row["substance"] for row in shown(cast, program)["results"]] == ["Penicillin", "Latex"]
    assert done(cast.desk("np").get(path(program, f"{latex['id']}/")), 200) == latex


@pytest.fixture
def clinic(transactional_db: None, now: object) -> Cast:
    return people.assemble()


@pytest.mark.django_db(transaction=True)
def test_none_known_and_an_allergy_at_once_do_not_both_stand(clinic: Cast) -> None:
    who = people.client(clinic.north, by=clinic.frontdesk).pk
    latex = services.AllergyFields(substance="Latex", reaction="", severity="")
    for hour in range(4):
        at = MONDAY + timedelta(hours=hour)
        raised = race(
            lambda at=at: services.record_allergy(client_id=who, values=latex, by=clinic.np, at=at),
            lambda at=at: services.say_none_known(client_id=who, by=clinic.therapist, at=at),
        )
        assert [type(exc) for exc in raised] in ([], [services.AllergiesListed])
        found = allergies_of(who)
        assert (found.state, NoneKnown.objects.standing().count()) == ("listed", 0)
        services.void_allergy(allergy=found.results[0], reason="Tried again", by=clinic.np, at=at)


# --- beside the screening ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("substance", "is_one"),
    [
        ("Ketamine", True),
        ("esketamine nasal spray", True),
        ("S-ketamine", True),
        ("KETALAR", True),
        ("Spravato", True),
        ("ketamina", True),
        ("Kétamine", True),
        ("benzethonium chloride", True),
        ("Ketorolac", False),
        ("ketoconazole", False),
        ("Penicillin", False),
    ],
)
def test_what_is_an_allergy_to_the_medicine(substance: str, is_one: bool) -> None:
    assert is_of_the_medicine(substance) is is_one


def test_one_to_the_medicine_suspends_and_no_words_uphold_it_while_it_is_listed(
    cast: Cast, program: Program
) -> None:
    clearance = cleared(cast, program)["clearance"]["id"]
    recorded(cast, program)
    state = lambda: cast.desk("prescriber").get(f"clearances/{clearance}/").json()  # noqa: E731
    assert state()["state"] == "standing"
    made = recorded(cast, program, **KETAMINE)
    (reason,) = state()["reasons"]
    assert (state()["state"], reason["code"]) == ("suspended", "new_condition")
    assert (reason["subject_type"], reason["subject_id"]) == ("allergy", made["id"])
    words = {"rationale": "Weighed.", "resolutions": [{"reason": reason["id"], "resolution": "None."}]}
    uphold = f"clearances/{clearance}/uphold/"
    assert refused(cast.desk("prescriber").post(uphold, words), 409, "absolute_finding")["findings"] == [
        "ALLERGY_KET"
    ]
    cast.desk("np").must(path(program, f"{made['id']}/void/"), {"reason": "Ruled out by skin test"})
    assert state()["state"] == "suspended"  # the prescriber says so, not the list
    assert cast.desk("prescriber").must(uphold, words, status=200)["state"] == "standing"


def test_one_that_was_listed_before_suspends_the_decision_that_comes_after_it(
    cast: Cast, program: Program
) -> None:
    recorded(cast, program, **KETAMINE)
    clearance = cleared(cast, program)["clearance"]["id"]
    assert cast.desk("prescriber").get(f"clearances/{clearance}/").json()["state"] == "suspended"


def test_what_a_screening_says_of_ketamine_is_shown_and_not_contradicted(
    cast: Cast, program: Program
) -> None:
    screening = submitted(cast, program, answers=NO_TO_ALL | {"ALLERGY_KET": True})
    screened = {"screening": screening["id"], "answer": True, "at": "2026-05-04T15:00:00Z"}
    assert shown(cast, program)["screened"] == screened
    refused(none_known(cast, program), 409, "allergy_screened")
    assert not NoneKnown.objects.exists()
    recorded(cast, program)  # another one is welcome, and takes nothing from the screening
    refused(decide(cast, screening), 409, "absolute_finding")
    assert shown(cast, program)["screened"] == screened


def test_a_screening_that_left_it_out_says_nothing(cast: Cast, program: Program) -> None:
    submitted(cast, program, answers={code: False for code in NO_TO_ALL if code != "ALLERGY_KET"})
    assert shown(cast, program)["screened"]["answer"] is None
    assert done(none_known(cast, program), 201)["state"] == "none_known"


# --- the database ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE screening_allergy SET substance = 'Nothing'",
        "UPDATE screening_noneknown SET created_at = now()",
        "DELETE FROM screening_allergy",
        "DELETE FROM screening_noneknownend",
        "INSERT INTO screening_noneknown (id, created_at, created_by, client_id)"
        " SELECT gen_random_uuid(), now(), created_by, client_id FROM screening_allergy",
        "INSERT INTO screening_allergy (id, created_at, created_by, client_id, substance, reaction, severity)"
        " SELECT gen_random_uuid(), now(), created_by, client_id, '', '', '' FROM screening_allergy",
        "INSERT INTO screening_allergy (id, created_at, created_by, client_id, substance, reaction, severity)"
        " SELECT gen_random_uuid(), now(), created_by, client_id, 'Latex', '', 'bad' FROM screening_allergy",
        "INSERT INTO screening_noneknownend (id, created_at, created_by, none_known_id, allergy_id, reason)"
        " SELECT gen_random_uuid(), now(), created_by, id, NULL, '' FROM screening_noneknown",
        "INSERT INTO screening_noneknownend (id, created_at, created_by, none_known_id, allergy_id, reason)"
        " SELECT gen_random_uuid(), now(), said.created_by, said.id, allergy.id, ''"
        " FROM screening_noneknown said, screening_allergy allergy WHERE said.client_id <> allergy.client_id",
    ],
)
def test_the_database_itself_refuses(cast: Cast, program: Program, statement: str) -> None:
    done(none_known(cast, program), 201)
    recorded(cast, program)
    somebody = client(cast.north, by=cast.frontdesk, first="Other", phone="303-555-0188")
    cast.desk("np").must(f"clients/{somebody.pk}/allergies/none-known/", status=201)
    with pytest.raises(DatabaseError), transaction.atomic():
        sql(statement)


def test_the_list_is_one_statement(cast: Cast, program: Program, django_assert_num_queries: Any) -> None:
    for substance in ("Penicillin", "Latex", "Nuts"):
        recorded(cast, program, substance=substance)
    shown(cast, program)
    with django_assert_num_queries(4):  # who asks, which client, the list, the access log
        shown(cast, program)
