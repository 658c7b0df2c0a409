"""Two registrations are one person: every question hears of both, nothing is re-pointed, and there is a way back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.db import DatabaseError, IntegrityError, transaction

from billing.models import PaymentAllocation
from kapclinic.core import clock
from kapclinic.practice import persons
from kapclinic.practice import selectors as practice
from kapclinic.practice.models import Client, ClientAlias
from kapclinic.trail.models import Task
from programs.models import Program
from screening.models import Clearance, Suspension
from sessions.booking.models import Allocation, Session
from tests import cast as people
from tests.api.routes import READS, Places, view_of
from tests.asking import done, refused, sql
from tests.cast import MONDAY, Cast, Desk
from tests.journeys.steps import moment
from tests.sessions.reminders.telling import AGREED, move, tell

WHY = {"reason": "The same passport"}
DAY = timedelta(days=1)


@dataclass
class Twins:
    """Robin is registered twice: `old` with a course that is over, `new` with one that goes on."""

    cast: Cast
    old: Client
    new: Client

    def post(self, path: str = "merge/", who: str = "director", **more: Any) -> Any:
        body = WHY | ({"into": str(self.new.pk)} if path.startswith("merge") else {}) | more
        return self.cast.desk(who).post(f"clients/{self.old.pk}/{path}", body)

    def merge(self, **more: Any) -> dict[str, Any]:
        return done(self.post(**more), 200)

    def unmerge(self) -> dict[str, Any]:
        return done(self.post("unmerge/"), 200)


@pytest.fixture
def twins(cast: Cast) -> Twins:
    old = people.client(cast.north, by=cast.frontdesk, first="Rob", phone="720-555-0101")
    new = people.client(cast.north, by=cast.frontdesk)
    return Twins(cast, old, new)


def rows() -> list[Any]:
    found = [
        list(model.objects.order_by("pk").values()) for model in (Client, ClientAlias, Session, Allocation)
    ]
    return [*found, list(Client.history.order_by("history_id").values()), Suspension.objects.count()]


def over(cast: Cast, program: Program) -> None:
    cast.desk("prescriber").must(f"programs/{program.pk}/discontinue/", {"reason": "Moved away"})


def conflict(cast: Cast, program: Program, starts_at: Any) -> Any:
    """The answer to a booking for `program` with another room and therapist than everybody's."""
    ask = {
        "program": str(program.pk),
        "kind": "preparation",
        "modality": "in_person",
        "starts_at": moment(starts_at),
        "ends_at": moment(starts_at + timedelta(hours=1)),
        "room": str(cast.birch.pk),
        "staff": [{"user": str(cast.other_therapist.pk), "role": "therapist"}],
    }
    return cast.desk("frontdesk").post("sessions/", ask)


# --- the verb --------------------------------------------------------------------------------------------


def test_the_preview_tells_and_changes_nothing(cast: Cast, twins: Twins) -> None:
    people.opened_program(cast, who=twins.new)
    before = rows()
    told = done(twins.post("merge/?preview=true"), 200)
    assert (told["possible"], told["refusal"]) == (True, None)
    assert (told["client"], told["into"]) == (str(twins.old.pk), str(twins.new.pk))
    assert told["differences"] == [
        {"field": "legal_first_name", "client": "Rob", "into": "Robin"},
        {"field": "phone", "client": "720-555-0101", "into": "303-555-0142"},
    ]
    assert (told["programs"], told["suspends"]) == (0, 0)
    assert rows() == before


def test_a_merge_is_an_alias_row_and_shown(cast: Cast, twins: Twins) -> None:
    assert twins.merge()["merged_into"] == str(twins.new.pk)
    alias = ClientAlias.objects.get()
    assert (alias.client, alias.into, alias.reason) == (twins.old, twins.new, WHY["reason"])
    assert cast.desk("np").get(f"clients/{twins.old.pk}/").json()["merged_into"] == str(twins.new.pk)
    assert cast.desk("np").get(f"clients/{twins.new.pk}/").json()["merged_into"] is None


def test_by_whatever_either_was_called_the_one_is_found(cast: Cast, twins: Twins) -> None:
    twins.merge()
    for text in (twins.old.mrn, twins.new.mrn, "rob sample", "720 555 0101", "303 555 0142"):
        found = cast.desk("frontdesk").get("clients/", search=text).json()["results"]
        assert [row["id"] for row in found] == [str(twins.new.pk)], text
    cast.desk("frontdesk").patch(f"clients/{twins.new.pk}/", {"pronouns": "they"})
    assert cast.desk("frontdesk").get("clients/", search=twins.old.mrn).json()["count"] == 1
    cast.desk("frontdesk").patch(f"clients/{twins.old.pk}/", {"chosen_name": "Bobbie"})
    assert cast.desk("frontdesk").get("clients/", search="bobbie").json()["results"][0]["id"] == str(
        twins.new.pk
    )
    twins.unmerge()
    found = cast.desk("frontdesk").get("clients/", search=twins.old.mrn).json()["results"]
    assert [row["id"] for row in found] == [str(twins.old.pk)]


def test_whoever_does_not_see_the_other_keeps_the_row(cast: Cast, twins: Twins) -> None:
    twins.old.locations = [cast.north.pk, cast.south.pk]
    twins.old.save_by(cast.director, at=clock.now())
    twins.merge()
    (row,) = cast.desk("south_frontdesk").get("clients/").json()["results"]
    assert (row["id"], row["merged_into"]) == (str(twins.old.pk), str(twins.new.pk))
    assert cast.desk("south_frontdesk").get(f"clients/{twins.new.pk}/").status_code == 404


@pytest.mark.parametrize("who", ["frontdesk", "np", "therapist", "prescriber", "billing", "admin"])
def test_only_the_director_merges(cast: Cast, twins: Twins, who: str) -> None:
    before = rows()
    for path in ("merge/", "merge/?preview=true", "unmerge/"):
        refused(twins.post(path, who), 403, "not_permitted")
    assert rows() == before


def test_the_one_the_other_cannot_see_and_oneself_are_refused(cast: Cast, twins: Twins) -> None:
    south = people.client(cast.south, by=cast.south_frontdesk)
    before = rows()
    for into, code in ((south.pk, "not_found"), (twins.old.pk, "same_client")):
        refused(twins.post(into=str(into)), 400, code, "/into")
    refused(twins.post(reason=""), 400, "blank", "/reason")
    missing = cast.desk("director").post(f"clients/{south.pk}/merge/", WHY | {"into": str(twins.new.pk)})
    refused(missing, 404, "not_found")
    assert rows() == before


def test_there_is_no_chain_and_no_second_time(cast: Cast, twins: Twins) -> None:
    third = people.client(cast.north, by=cast.frontdesk, first="Third")
    twins.merge()
    before = rows()
    director = cast.desk("director")
    refused(twins.post(), 409, "already_merged")
    refused(twins.post(into=str(third.pk)), 409, "already_merged")
    for one, into in ((third, twins.old), (twins.new, third)):
        answer = director.post(f"clients/{one.pk}/merge/", WHY | {"into": str(into.pk)})
        refused(answer, 409, "already_merged")
    told = done(twins.post("merge/?preview=true"), 200)
    assert (told["possible"], told["refusal"]["code"]) == (False, "already_merged")
    assert rows() == before
    done(director.post(f"clients/{third.pk}/merge/", WHY | {"into": str(twins.new.pk)}), 200)
    assert practice.person_ids(third.pk) == sorted([twins.old.pk, twins.new.pk, third.pk])


def test_two_live_programs_are_refused(cast: Cast, twins: Twins) -> None:
    first = people.opened_program(cast, who=twins.old)
    second = people.opened_program(cast, who=twins.new)
    cast.desk("prescriber").must(f"programs/{second.pk}/hold/", {"reason": "Travels"})
    before = rows()
    answer = refused(twins.post(), 409, "second_program")
    assert answer["programs"] == [str(first.pk), str(second.pk)]
    assert rows() == before
    over(cast, first)
    twins.merge()


def test_sessions_at_the_same_time_are_refused(cast: Cast, twins: Twins) -> None:
    row = people.owed(cast, people.cleared_program(cast, who=twins.old))
    over(cast, Program.objects.get(pk=row.program_id))  # its owed integration stays in the book
    held = Session.objects.get(for_dose=row.dosing_session_id)
    program = people.opened_program(cast, who=twins.new)
    session = done(conflict(cast, program, held.starts_at), 201)
    before = rows()
    answer = refused(twins.post(), 409, "resource_conflict")
    assert {one["session"] for one in answer["conflicts"]} == {str(held.pk), session["id"]}
    assert rows() == before
    cast.desk("frontdesk").must(f"sessions/{session['id']}/cancel/", {"reason": "Twice"})
    twins.merge()
    refused(conflict(cast, program, held.starts_at), 409, "resource_conflict")


def test_one_who_has_died_and_one_who_lives_are_refused(cast: Cast, twins: Twins) -> None:
    died = {"died_on": "2026-05-03", "source": "The hospital"}
    cast.desk("np").must(f"clients/{twins.old.pk}/deceased/", died, status=200)
    refused(twins.post(), 409, "death_differs")
    cast.desk("np").must(f"clients/{twins.new.pk}/deceased/", died, status=200)
    twins.merge()
    cast.desk("np").must(f"clients/{twins.new.pk}/deceased/void/", WHY, status=200)
    assert set(Client.objects.values_list("died_on", flat=True)) == {None}
    cast.desk("np").must(f"clients/{twins.old.pk}/deceased/", died, status=200)
    assert len(set(Client.objects.values_list("died_on", flat=True)) - {None}) == 1


# --- the way back ----------------------------------------------------------------------------------------


def test_an_unmerge_gives_each_their_own(cast: Cast, twins: Twins) -> None:
    refused(twins.post("unmerge/"), 409, "not_merged")
    program = people.opened_program(cast, who=twins.new)
    twins.merge()
    session = people.booked(cast, program, "preparation", MONDAY + DAY)
    held = Allocation.objects.filter(session=session, released_at__isnull=True, kind="client")
    assert {row.resource for row in held} == {twins.old.pk, twins.new.pk}
    answer = refused(conflict(cast, program, session.starts_at), 409, "resource_conflict")
    assert [one["session"] for one in answer["conflicts"]] == [str(session.pk)]  # once, not under each id
    assert twins.unmerge()["merged_into"] is None
    assert {row.resource for row in held.all()} == {twins.new.pk}
    assert ClientAlias.objects.get().end_reason == WHY["reason"]
    other = people.opened_program(cast, who=twins.old)
    done(conflict(cast, other, session.starts_at), 201)
    refused(twins.post("unmerge/"), 409, "not_merged")


def test_a_director_of_one_place_parts_them_although_the_other_is_elsewhere(cast: Cast) -> None:
    """Nothing of the other is left on their own: no name to be found by, and no time that is taken."""
    old = people.client(cast.north, by=cast.frontdesk, first="Quinn")
    new = people.client(cast.south, by=cast.south_frontdesk)
    everywhere = [cast.north.pk, cast.south.pk]
    both = people.staff("of_both", ["medical_director"], cast.north, locations=everywhere)
    done(Desk(both).post(f"clients/{old.pk}/merge/", WHY | {"into": str(new.pk)}), 200)
    course = people.opened_program(
        cast,
        who=new,
        by=cast.south_frontdesk,
        location=cast.south.pk,
        therapist=cast.south_therapist.pk,
        prescriber=cast.south_prescriber.pk,
    )
    there = {"room": cast.cedar.pk, "staff": people.team(cast, "south_therapist"), "by": cast.south_frontdesk}
    session = people.booked(cast, course, "preparation", MONDAY + DAY, **there)
    held = Allocation.objects.filter(session=session, released_at__isnull=True, kind="client")
    assert {row.resource for row in held} == {old.pk, new.pk}
    assert done(cast.desk("director").post(f"clients/{old.pk}/unmerge/", WHY), 200)["merged_into"] is None
    assert {row.resource for row in held.all()} == {new.pk}
    found = cast.desk("south_frontdesk").get("clients/", search="Quinn").json()["results"]
    assert found == []
    refused(cast.desk("director").post(f"clients/{old.pk}/unmerge/", WHY), 409, "not_merged")


def test_a_hold_of_the_one_person_goes_on_for_both(cast: Cast, twins: Twins) -> None:
    """Nobody knows yet whose record counsel meant: it is lifted of each by itself."""
    director = cast.desk("director")

    def held(client: Client) -> list[str]:
        found = director.get("legal-holds/", client=str(client.pk), lifted="false").json()["results"]
        return sorted(row["reason"] for row in found)

    def hold(client: Client, reason: str) -> dict[str, Any]:
        return director.must("legal-holds/", {"client": str(client.pk), "reason": reason}, status=201)

    with clock.fixed(MONDAY - DAY):
        hold(twins.old, "Long before")
    with clock.fixed(MONDAY):
        twins.merge()
        lifted = hold(twins.new, "Settled since")
        director.must(f"legal-holds/{lifted['id']}/lift/", {"reason": "Settled"}, status=200)
        hold(twins.new, "Suit of May")
        hold(twins.old, "Suit of June")
        twins.unmerge()
    assert held(twins.old) == ["Long before", "Suit of June", "Suit of May"]
    assert held(twins.new) == ["Suit of June", "Suit of May"]


def test_merged_again_after_an_unmerge(cast: Cast, twins: Twins) -> None:
    for _ in range(2):
        twins.merge()
        twins.unmerge()
    assert ClientAlias.objects.count() == 2


def test_a_death_of_both_is_voided_before_they_are_parted(cast: Cast, twins: Twins) -> None:
    program = people.opened_program(cast, who=twins.new)
    twins.merge()
    dead = {"died_on": "2026-05-03", "source": "The client's sister called"}
    cast.desk("np").must(f"clients/{twins.old.pk}/deceased/", dead, status=200)
    before = rows()
    refused(twins.post("unmerge/"), 409, "death_differs")
    assert rows() == before
    lives = cast.desk("np").post(f"clients/{twins.new.pk}/deceased/void/", {"reason": "It was the other one"})
    assert done(lives, 200)["programs"] == [str(program.pk)]
    twins.unmerge()
    cast.desk("np").must(f"clients/{twins.old.pk}/deceased/", dead, status=200)
    assert set(Client.objects.values_list("died_on", flat=True)) == {None, date(2026, 5, 3)}


def test_a_death_of_each_is_no_matter_of_parting_them(cast: Cast, twins: Twins) -> None:
    dead = {"died_on": "2026-05-03", "source": "The client's sister called"}
    for one in (twins.old, twins.new):
        cast.desk("np").must(f"clients/{one.pk}/deceased/", dead, status=200)
    twins.merge()
    twins.unmerge()


def test_a_death_that_was_written_down_of_both_is_voided_before_an_unmerge(cast: Cast, twins: Twins) -> None:
    program = people.cleared_program(cast, who=twins.old)
    twins.merge()
    path = f"clients/{twins.new.pk}/deceased/"
    cast.desk("frontdesk").must(path, {"died_on": "2026-05-03", "source": "Their sister"})
    before = rows()
    refused(twins.post("unmerge/"), 409, "death_differs")
    assert rows() == before
    cast.desk("frontdesk").must(f"{path}void/", {"reason": "Another person of that name"})
    twins.unmerge()
    program.refresh_from_db()
    assert program.status == "active"
    assert set(Client.objects.values_list("died_on", flat=True)) == {None}


# --- every question hears of both ------------------------------------------------------------------------


def _lists() -> list[Any]:
    """Every list that is narrowed by client."""
    found = []
    for entry in READS:
        params = view_of(entry)().params_of().get(entry.action, ())
        if any(param.name == "client" for param in params):
            found.append(entry)
    return found


def test_every_list_by_client_shows_the_rows_of_both(cast: Cast, twins: Twins) -> None:
    session = people.completed_dose(cast, people.cleared_program(cast, who=twins.old))
    over(cast, Program.objects.get(pk=session.program_id))
    second = people.cleared_program(cast, who=twins.new)
    people.booked(cast, second, "preparation", MONDAY + 9 * DAY)
    for client in (twins.old, twins.new):
        cast.desk("np").must("medications/", {"client": str(client.pk), "text": "metformin"})
    places, lists = Places(cast, session), _lists()
    assert len(lists) >= 15

    def shown(entry: Any, client: Client) -> set[str]:
        body = done(places.get(entry, client=str(client.pk), page_size="200"), 200)
        return {row["id"] if "id" in row else row["session"]["id"] for row in body["results"]}

    before = {entry.route: [shown(entry, client) for client in (twins.old, twins.new)] for entry in lists}
    twins.merge()
    for entry in lists:
        of_old, of_new = before[entry.route]
        for client in (twins.old, twins.new):
            assert shown(entry, client) == of_old | of_new, entry.route
    both = {"sessions/", "programs/", "medications/", "screenings/", "consents/", "measures/", "clearances/"}
    assert {route for route, (one, other) in before.items() if one and other} >= both - {"measures/"}
    assert before["obligations/"][0]
    twins.unmerge()
    for entry in lists:
        assert [shown(entry, client) for client in (twins.old, twins.new)] == before[entry.route], entry.route


def test_the_access_log_is_of_the_person(cast: Cast, twins: Twins) -> None:
    cast.desk("np").get(f"clients/{twins.old.pk}/")
    twins.merge()
    for client in (twins.old, twins.new):
        log = cast.desk("director").get(f"clients/{client.pk}/access-log/").json()["results"]
        assert {"client.retrieve", "client.merge"} <= {row["action"] for row in log}


def test_a_booking_holds_every_id_and_availability_knows(cast: Cast, twins: Twins) -> None:
    row = people.owed(cast, people.cleared_program(cast, who=twins.old))
    over(cast, Program.objects.get(pk=row.program_id))
    held = Session.objects.get(for_dose=row.dosing_session_id)
    program = people.opened_program(cast, who=twins.new)
    query = {
        "program": str(program.pk),
        "kind": "preparation",
        "from": moment(held.starts_at),
        "to": moment(held.starts_at + timedelta(minutes=1)),
    }
    free = lambda: cast.desk("frontdesk").get("availability/", **query).json()["count"]  # noqa: E731
    assert free() == 1
    twins.merge()
    assert free() == 0
    answer = refused(conflict(cast, program, held.starts_at), 409, "resource_conflict")
    assert [one["session"] for one in answer["conflicts"]] == [str(held.pk)]
    hold = {
        "program": str(program.pk),
        "kind": "preparation",
        "modality": "in_person",
        "starts_at": moment(held.starts_at),
        "ends_at": moment(held.starts_at + timedelta(hours=1)),
        "room": str(cast.birch.pk),
        "staff": [{"user": str(cast.other_therapist.pk), "role": "therapist"}],
    }
    refused(cast.desk("frontdesk").post("session-holds/", hold), 409, "resource_conflict")


def test_gates_see_the_doses_and_events_of_the_other(cast: Cast, twins: Twins) -> None:
    given = people.completed_dose(cast, people.cleared_program(cast, who=twins.old))
    event = {"term": "syncope", "grade": 4, "serious": False, "onset_at": moment(clock.now())}
    event |= {"causality": "possible", "action": "Laid down", "outcome": "recovering"}
    cast.desk("np").must(f"sessions/{given.pk}/adverse-events/", event)
    over(cast, Program.objects.get(pk=given.program_id))
    program = people.cleared_program(cast, who=twins.new)
    dose = people.booked(cast, program, "dosing", clock.now() + DAY, override_reason="As asked")

    def gate(code: str) -> str:
        gates = cast.desk("prescriber").get(f"sessions/{dose.pk}/readiness/").json()["gates"]
        return str(next(row["state"] for row in gates if row["code"] == code))

    wanted = ("adverse_event_review", "minimum_gap")
    assert [gate(code) for code in wanted] == ["pass", "pass"]
    twins.merge()
    assert [gate(code) for code in wanted] == ["open", "open"]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_clearance_hears_what_was_only_known_of_the_other(cast: Cast, twins: Twins, when: str) -> None:
    people.cleared_program(cast, who=twins.new)
    listed = {"client": str(twins.old.pk), "text": "Nardil"}
    if when == "before":
        cast.desk("np").must("medications/", listed)
        assert done(twins.post("merge/?preview=true"), 200)["suspends"] == 1
        assert not Suspension.objects.exists()
    twins.merge()
    if when == "after":
        assert not Suspension.objects.exists()
        cast.desk("np").must("medications/", listed)
    shown = cast.desk("prescriber").get(f"clearances/{Clearance.objects.get().pk}/").json()
    assert (shown["state"], [row["code"] for row in shown["reasons"]]) == ("suspended", ["new_medication"])
    assert Task.objects.open().filter(kind="clearance_review").exists()
    twins.unmerge()
    assert cast.desk("prescriber").get(f"clearances/{shown['id']}/").json()["state"] == "suspended"


def test_a_fact_that_nobody_answered_suspends_the_others_clearance(cast: Cast, twins: Twins) -> None:
    first = people.opened_program(cast, who=twins.old)
    people.cssrs(cast, first, 1, 2, 3, 4)
    over(cast, first)
    people.cleared_program(cast, who=twins.new)
    twins.merge()
    assert [row.fact.code for row in Suspension.objects.select_related("fact")] == ["cssrs_high"]


def test_merged_again_a_clearance_hears_everything_once(cast: Cast, twins: Twins) -> None:
    first = people.opened_program(cast, who=twins.old)
    people.cssrs(cast, first, 1, 2, 3, 4)
    over(cast, first)
    cast.desk("np").must("medications/", {"client": str(twins.old.pk), "text": "Nardil"})
    people.cleared_program(cast, who=twins.new)
    for _ in range(2):
        twins.merge()
        heard = Suspension.objects.values_list("fact__code", flat=True)
        assert sorted(heard) == ["cssrs_high", "new_medication"]
        twins.unmerge()


def test_what_both_took_and_was_weighed_suspends_nothing(cast: Cast, twins: Twins) -> None:
    cast.desk("np").must("medications/", {"client": str(twins.new.pk), "text": "metformin"})
    people.cleared_program(cast, who=twins.new)
    cast.desk("np").must("medications/", {"client": str(twins.old.pk), "text": "metformin"})
    twins.merge()
    assert not Suspension.objects.exists()


def test_reminders_go_to_the_one_whose_contact_counts(cast: Cast) -> None:
    old = people.client(cast.north, by=cast.frontdesk, email="old@example.test", communication_consent=AGREED)
    new = people.client(cast.north, by=cast.frontdesk, email="new@example.test", communication_consent=AGREED)
    people.booked(cast, people.opened_program(cast, who=old), "preparation", MONDAY + 4 * DAY)
    Twins(cast, old, new).merge()
    tell(MONDAY)
    assert [message.to for message in mail.outbox if "appointment" in message.body] == [["new@example.test"]]


def test_a_call_is_about_the_client_whose_session_it_is_also_after_an_unmerge(cast: Cast) -> None:
    old = people.client(cast.north, by=cast.frontdesk, email="old@example.test", communication_consent=AGREED)
    new = people.client(cast.north, by=cast.frontdesk, communication_consent={})
    session = people.booked(
        cast, people.opened_program(cast, who=old), "preparation", MONDAY + 4 * DAY, override_reason="Asked"
    )
    tell(MONDAY)
    twins = Twins(cast, old, new)
    twins.merge()
    move(cast, session, MONDAY + 5 * DAY)
    tell(MONDAY)
    calls = Task.objects.filter(kind="client_untold").values_list("client", "state")
    assert list(calls) == [(old.pk, "open")]
    twins.unmerge()
    for minutes in range(2):
        tell(MONDAY + timedelta(minutes=minutes))
    assert list(calls.all()) == [(old.pk, "done")]
    moved = [message for message in mail.outbox if "was moved from" in message.body]
    assert [message.to for message in moved] == [["old@example.test"]]


def test_a_payment_pays_the_charges_of_both(cast: Cast, twins: Twins) -> None:
    people.service_codes()
    first = people.signed_session(
        cast, people.opened_program(cast, who=twins.old), starts_at=MONDAY - 2 * DAY
    )
    charge = people.charged(cast, first, "100.00")
    body = {"client": str(twins.new.pk), "amount": "100.00", "method": "cash", "received_on": "2026-05-04"}
    body |= {"allocations": [{"charge": str(charge.pk), "amount": "100.00"}]}
    refused(cast.desk("billing").post("payments/", body), 400, "not_found", "/allocations/0/charge")
    payment = cast.desk("billing").must("payments/", body | {"allocations": []}, status=201)
    alone = PaymentAllocation(payment_id=payment["id"], charge=charge, amount=Decimal(1))
    with pytest.raises(IntegrityError), transaction.atomic():
        alone.insert_by(cast.billing, at=clock.now())
    twins.merge()
    paid = cast.desk("billing").must("payments/", body, status=201)
    assert [row["charge"] for row in paid["allocations"]] == [str(charge.pk)]


# --- the database ----------------------------------------------------------------------------------------


def test_the_database_knows_no_chain_no_second_alias_and_no_return(cast: Cast, twins: Twins) -> None:
    third = people.client(cast.north, by=cast.frontdesk, first="Third")
    at = clock.now()
    alias = persons.keep_alias(client=twins.old, into=twins.new, reason="Same", by=cast.director, at=at)
    for one, into in ((third, twins.old), (twins.new, third), (twins.old, third), (third, third)):
        with pytest.raises(DatabaseError), transaction.atomic():
            ClientAlias(client=one, into=into, reason="Same").save_by(cast.director, at=at)
    persons.end_alias(alias=alias, reason="Two people", by=cast.director, at=at)
    alias.ended_at = None
    with pytest.raises(DatabaseError), transaction.atomic():
        alias.save_by(cast.director, at=at)


def test_who_is_one_person_is_two_rows_to_the_planner_and_then_an_index(cast: Cast, twins: Twins) -> None:
    sql("SET LOCAL enable_seqscan = off")
    asked = "EXPLAIN SELECT id FROM clinic_sessions_session WHERE client_id IN (SELECT practice_person(%s))"
    plan = " ".join(row[0] for row in sql(asked, twins.old.pk))
    assert "session_client" in plan or "client_id" in plan.split("Index Cond", 1)[1]
    assert "rows=2 " in plan
