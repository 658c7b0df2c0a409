"""Every list of the API, found by walking its addresses: one shape, bounded pages, named refusals, few queries."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.coverages import services as coverages
from billing.estimates.services import estimates
from billing.letters import services as letters
from billing.models import Payer
from kapclinic.core import clock
from kapclinic.core.ids import uuid7
from kapclinic.practice import services as practice
from kapclinic.practice.models import SYSTEM
from kapclinic.practice.worklist import Kind
from kapclinic.trail import services as trail
from programs import services as programs
from screening import services as screening
from screening.services.labs import LabFields
from sessions.booking.models import Session
from sessions.integration.models import Obligation
from tests import cast as people
from tests.api import routes
from tests.api.routes import READS, Places
from tests.cast import KINDS, MONDAY, Cast
from tests.sessions.booking.desk import TUESDAY

HOUR = timedelta(hours=1)
LONG = "9" * 5000


def _pointers(answer: Any) -> set[str]:
    return {error["pointer"] for error in answer.json().get("errors", [])}


_paged: list[Any] = []


def _lists(places: Places) -> list[Any]:
    """The addresses that answer with pages: found once, since the code alone decides which they are."""
    if not _paged:
        for entry in READS:
            answer = places.get(entry)
            body = answer.json() if answer.headers["Content-Type"] == "application/json" else None
            if isinstance(body, dict) and {"count", "results"} <= set(body):
                _paged.append(entry)
    return _paged


def test_every_collection_answers_in_pages(places: Places) -> None:
    lists = _lists(places)
    agreed = {
        *(
            "locations/",
            "rooms/",
            "staff/",
            "clients/",
            "protocols/",
            "programs/",
            "screenings/",
            "clearances/",
        ),
        *(
            "medications/",
            "consents/",
            "measures/",
            "safety-alerts/",
            "availability/",
            "sessions/",
            "alarms/",
        ),
        *(
            "obligations/",
            "tasks/",
            "notes/",
            "psychotherapy-notes/",
            "drug-lots/",
            "drug-entries/",
            "service-codes/",
        ),
        *(
            "fees/",
            "charges/",
            "payments/",
            "refunds/",
            "superbills/",
            "receipts/",
            "adjustments/",
            "sliding-scales/",
            "fee-agreements/",
            "statements/",
            "accounts/",
            "billing-worklist/",
            "clients/{id}/access-log/",
        ),
    }
    assert agreed <= set(routes.ids(lists))
    collections = {entry.route for entry in READS if entry.action == "list"}
    assert collections <= set(routes.ids(lists))
    for entry in lists:
        body = places.get(entry).json()
        assert set(body) == {"count", "next", "previous", "results"}, entry.route
        assert body["count"] >= len(body["results"])
        assert body["previous"] is None


def test_every_read_refuses_a_parameter_that_it_does_not_know(places: Places) -> None:
    wrong = []
    for entry in READS:
        answer = places.get(entry, flavour="mint")
        if answer.status_code != 400 or _pointers(answer) != {"/flavour"}:
            wrong.append(f"{entry.route}: {answer.status_code}")
    assert wrong == []


@pytest.mark.parametrize("name", ["page", "page_size"])
def test_every_list_has_bounded_pages(places: Places, name: str) -> None:
    wrong = []
    for entry in _lists(places):
        answer = places.get(entry, **{name: "0"})
        if answer.status_code != 400 or _pointers(answer) != {f"/{name}"}:
            wrong.append(f"{entry.route}: {answer.status_code}")
    assert wrong == []


@pytest.mark.parametrize("name", ["page", "page_size"])
def test_a_page_is_a_small_whole_number(cast: Cast, name: str) -> None:
    for value in ("-1", "many", "1.5", "1e2", "²", "+1", "1_0", "100001", LONG, ""):
        answer = cast.desk("frontdesk").get("clients/", **{name: value})
        assert (answer.status_code, _pointers(answer)) == (400, {f"/{name}"}), value


def test_a_page_holds_two_hundred_rows_at_most(places: Places) -> None:
    for entry in _lists(places):
        assert places.get(entry, page_size="200").status_code == 200, entry.route
        assert places.get(entry, page_size="201").status_code == 400, entry.route
        assert places.get(entry, page="100000").json()["results"] == [], entry.route


def test_an_order_that_nobody_offers_is_refused(places: Places) -> None:
    for entry in _lists(places):
        for order in ("password", "-search_text", "client__legal_last_name", "pk,?"):
            answer = places.get(entry, ordering=order)
            assert answer.status_code == 400, (entry.route, order)
            assert _pointers(answer) == {"/ordering"}, (entry.route, order)


def test_every_offered_order_works_both_ways(places: Places) -> None:
    for entry in _lists(places):
        for name in routes.view_of(entry).orderings if entry.action == "list" else ():
            for order in (name, f"-{name}", f"{name},-created_at" if name != "created_at" else name):
                answer = places.get(entry, ordering=order)
                known = "created_at" in routes.view_of(entry).orderings or "," not in order
                assert answer.status_code == (200 if known else 400), (entry.route, order)


SAMPLES = {
    "uuid": "01900000-0000-7000-8000-00000000dead",
    "date": "2026-05-04",
    "datetime": "2026-05-04T09:00:00Z",
    "moment": "2026-05-04",
    "minutes": "60",
    "clock": "09:00",
    "weekday": "0,2",
    "hours": "09:00-13:00",
    "address": "203.0.113.9",
    "bool": "true",
    "text": "x",
    "cursor": "A" * 22,
}
BAD = {
    "address": ["nowhere", "203.0.113", "203.0.113.9/24", "2001:db8::g"],
    "uuid": ["7", "true", "01900000-0000-7000-8000-00000000deag"],
    "date": ["2026-02-30", "04/05/2026", "0001-01-01", "9999-12-31", "2026-05-04T09:00:00Z"],
    "datetime": [
        "2026-05-04",
        "2026-05-04T09:00:00",
        "9999-12-31T23:59:59-12:00",
        "0001-01-01T00:00:00+14:00",
    ],
    "moment": ["tomorrow", "2026-05-04T09:00:00", "9999-12-31"],
    "minutes": ["0", "-5", "1441", "soon", LONG],
    "clock": ["25:00", "noon", "9 am"],
    "weekday": ["7", "Monday", "0;2"],
    "hours": ["13:00-09:00", "9-13", "mornings"],
    "bool": ["True", "yes", ""],
    "text": ["x" * 201],
    "cursor": ["x" * 4001, "AAAA", "no cursor!"],
}


def test_every_parameter_narrows_and_refuses_what_it_cannot_read(places: Places) -> None:
    wrong = []
    for entry in READS:
        for param in routes.view_of(entry)().params_of().get(entry.action, ()):
            good = param.choices[0] if param.choices else SAMPLES[param.kind]
            if (status := places.get(entry, **{param.name: good}).status_code) not in {200, 404}:
                wrong.append(f"{entry.route}?{param.name}={good}: {status}")
            for bad in ["no such choice"] if param.choices else BAD[param.kind]:
                answer = places.get(entry, **{param.name: bad})
                if answer.status_code != 400 or _pointers(answer) != {f"/{param.name}"}:
                    wrong.append(f"{entry.route}?{param.name}={bad[:40]}: {answer.status_code}")
    assert wrong == []


def test_a_parameter_is_given_once(places: Places) -> None:
    answer = places.cast.desk("frontdesk").client.get("/api/v1/sessions/?kind=dosing&kind=medical")
    assert answer.status_code == 400
    assert _pointers(answer) == {"/kind"}


# --- pages of one list -----------------------------------------------------------------------------------


def test_pages_follow_each_other_without_gap_or_repeat(cast: Cast) -> None:
    made = {str(people.client(cast.north, by=cast.frontdesk, last="Same").pk) for _ in range(7)}
    seen: list[str] = []
    page = cast.desk("frontdesk").get("clients/", page_size="3", ordering="name").json()
    assert (page["count"], page["previous"]) == (7, None)
    while True:
        seen += [row["id"] for row in page["results"]]
        if page["next"] is None:
            break
        page = cast.desk("frontdesk").client.get(page["next"]).json()
    assert len(seen) == 7
    assert set(seen) == made
    assert page["count"] == 7
    back = cast.desk("frontdesk").client.get(page["previous"]).json()
    assert [row["id"] for row in back["results"]] == seen[3:6]
    first = cast.desk("frontdesk").client.get(back["previous"]).json()
    assert first["previous"] is None


def test_a_full_last_page_has_no_next(cast: Cast) -> None:
    for _ in range(4):
        people.client(cast.north, by=cast.frontdesk)
    page = cast.desk("frontdesk").get("clients/", page_size="2", page="2").json()
    assert (page["count"], page["next"], len(page["results"])) == (4, None, 2)


def test_a_page_past_the_end_is_empty_and_knows_the_count(cast: Cast) -> None:
    people.client(cast.north, by=cast.frontdesk)
    page = cast.desk("frontdesk").get("clients/", page="9").json()
    assert (page["count"], page["next"], page["results"]) == (1, None, [])


# --- as few queries for fifty rows as for one ------------------------------------------------------------


def _clients(cast: Cast, n: int) -> None:
    people.client(cast.north, by=cast.frontdesk, first=f"Robin{n}")


def _sessions(cast: Cast, n: int) -> None:
    program = people.opened_program(cast) if n == 0 else Session.objects.earliest("pk").program
    people.booked(cast, program, "preparation", TUESDAY + timedelta(days=n))


def _programs(cast: Cast, n: int) -> None:
    people.opened_program(cast, protocol=people.approved_protocol(cast, name=f"KAP {n}"))


def _obligations(cast: Cast, n: int) -> None:
    if n == 0:
        people.owed(cast)
        return
    known = Obligation.objects.earliest("pk")
    values = {
        field: getattr(known.dosing_session, field)
        for field in (
            "program",
            "client",
            "location",
            "room",
            "staff",
            "kind",
            "modality",
            "starts_at",
            "ends_at",
        )
    }
    dose = Session(**values, number=n + 1).save_by(SYSTEM, at=clock.now())
    times = {
        field: getattr(known, field) for field in ("dosed_at", "window_start", "window_end", "therapist_id")
    }
    row = Obligation(dosing_session=dose, program=known.program, client_id=known.client_id, **times)
    row.save_by(SYSTEM, at=clock.now())


def _tasks(cast: Cast, n: int) -> None:
    trail.open_task(
        kind=Kind.SLOT_FREED,
        location=cast.north.pk,
        subject_type="client",
        subject_id=uuid7(),
        due_at=MONDAY,
        by=SYSTEM,
        at=MONDAY,
    )


def _protocols(cast: Cast, n: int) -> None:
    values = {"name": f"KAP {n}", "program_type": "kap", "route": "sublingual"}
    programs.draft_protocol(values=values, by=cast.director, at=MONDAY)


def _staff(cast: Cast, n: int) -> None:
    people.staff(f"person{n}", ["billing"], cast.north)


def _locations(cast: Cast, n: int) -> None:
    people.location(f"Place {n}", "America/Denver")


def _rooms(cast: Cast, n: int) -> None:
    people.room(f"Room {n}", cast.north, KINDS)


def _program(cast: Cast) -> Any:
    return people.opened_program(cast).pk


def _screenings(cast: Cast, n: int) -> None:
    pressure = {"systolic": 124, "diastolic": 80, "heart_rate": 66, "measured_at": MONDAY}
    values = {
        "program": _first_program(cast),
        "answers": {},
        "blood_pressures": [pressure],
        "medications": [],
    }
    screening.create_screening(values=values, by=cast.np, at=MONDAY)


def _consents(cast: Cast, n: int) -> None:
    values = {"program": _first_program(cast), "document": "kap_treatment", "language": "en"}
    screening.create_consent(values=values, by=cast.np, at=MONDAY)


def _medications(cast: Cast, n: int) -> None:
    program = programs.Program.objects.get(pk=_first_program(cast))
    values = {"client": program.client_id, "text": f"sertraline {n} mg"}
    screening.record_medication(values=values, by=cast.np, at=MONDAY)


def _lab_results(cast: Cast, n: int) -> None:
    program = programs.Program.objects.get(pk=_first_program(cast))
    values: LabFields = {
        "client": program.client_id,
        "kind": "tsh",
        "result": "normal",
        "value": Decimal(n),
        "unit": "mIU/L",
        "taken_at": MONDAY,
    }
    screening.record_lab_result(values=values, by=cast.np, at=MONDAY)


def _first_program(cast: Cast) -> Any:
    client = programs.Program.objects.order_by("pk").values_list("pk", flat=True).first()
    return client or _program(cast)


def _time_off(cast: Cast, n: int) -> None:
    start = TUESDAY + n * HOUR
    practice.write_time_off(
        user=cast.np, starts_at=start, ends_at=start + HOUR, reason="", by=cast.admin, at=MONDAY
    )


def _tokens(cast: Cast, n: int) -> None:
    practice.issue_token(user=cast.frontdesk, name=f"token {n}", at=MONDAY)


def _payers(cast: Cast, n: int) -> None:
    coverages.save_payer(row=None, values={"name": f"Plan {n}"}, by=cast.billing, at=MONDAY)


def _coverages(cast: Cast, n: int) -> None:
    _payers(cast, n)
    values: coverages.CoverageFields = {
        "client": programs.Program.objects.get(pk=_first_program(cast)).client_id,
        "payer": Payer.objects.latest("created_at", "pk").pk,
        "member_id": "M-1",
        "valid_from": MONDAY.date(),
        "intent": "self_pay",
    }
    coverages.save_coverage(row=None, values=values, by=cast.frontdesk, at=MONDAY)


def _estimates(cast: Cast, n: int) -> None:
    if n == 0:
        people.service_codes()
    values: estimates.EstimateEntry = {
        "client": programs.Program.objects.get(pk=_first_program(cast)).client_id,
        "requested_at": MONDAY,
        "items": [
            {
                "code": "90837",
                "quantity": 1,
                "unit_amount": Decimal(180),
                "rendering": cast.therapist.pk,
                "location": cast.north.pk,
            }
        ],
    }
    made = estimates.ask_estimate(values=values, by=cast.billing, at=MONDAY)
    if n % 2:
        estimates.issue_estimate(
            estimate=made, delivered_at=MONDAY, method="email", by=cast.billing, at=MONDAY
        )


def _letters(cast: Cast, n: int) -> None:
    if n == 0:
        people.service_codes()
    values: letters.LetterFields = {
        "client": programs.Program.objects.get(pk=_first_program(cast)).client_id,
        "diagnoses": ["F33.2"],
        "codes": ["90837"],
        "starts": MONDAY.date(),
        "ends": MONDAY.date(),
        "text": "It helps.",
    }
    letters.write_letter(values=values, by=cast.billing, at=MONDAY)


BULK: dict[str, tuple[Callable[[Cast, int], None], str, int]] = {
    # address: how to make the nth row, who asks, the most queries beside the audit event
    "clients/": (_clients, "frontdesk", 3),
    "sessions/": (_sessions, "frontdesk", 3),
    "programs/": (_programs, "frontdesk", 3),
    "obligations/": (_obligations, "frontdesk", 3),
    "tasks/": (_tasks, "frontdesk", 3),
    "protocols/": (_protocols, "frontdesk", 3),
    "staff/": (_staff, "frontdesk", 3),
    "locations/": (_locations, "frontdesk", 3),
    "rooms/": (_rooms, "frontdesk", 3),
    "screenings/": (_screenings, "np", 3),
    "consents/": (_consents, "np", 3),
    "medications/": (_medications, "np", 3),
    "lab-results/": (_lab_results, "np", 3),
    "staff/{np}/time-off/": (_time_off, "frontdesk", 3),
    "time-off/": (_time_off, "frontdesk", 3),
    "auth/tokens/": (_tokens, "frontdesk", 4),  # the cookie and its person are two
    "payers/": (_payers, "frontdesk", 3),
    "coverages/": (_coverages, "frontdesk", 3),
    "estimates/": (_estimates, "billing", 3),
    "necessity-letters/": (_letters, "billing", 3),
}


@pytest.mark.parametrize("address", BULK)
def test_fifty_rows_cost_no_more_queries_than_one(cast: Cast, address: str) -> None:
    make, who, most = BULK[address]
    path, desk = address.replace("{np}", str(cast.np.pk)), cast.desk(who)
    if address.startswith("auth/"):
        desk = cast.browser(who)

    def queries() -> list[str]:
        with CaptureQueriesContext(connection) as captured:
            answer = desk.get(path, page_size="200")
        assert answer.status_code == 200
        found = [query["sql"] for query in captured.captured_queries]
        return [sql for sql in found if not sql.startswith(("INSERT INTO", "SAVEPOINT", "RELEASE"))]

    make(cast, 0)
    few, before = queries(), desk.get(path, page_size="200").json()["count"]
    for n in range(1, 50):
        make(cast, n)
    many = queries()
    assert desk.get(path, page_size="200").json()["count"] == before + 49
    assert len(many) == len(few), many
    assert len(many) <= most, many


def test_a_page_that_is_not_the_last_costs_one_count(cast: Cast) -> None:
    for n in range(3):
        _clients(cast, n)
    with CaptureQueriesContext(connection) as captured:
        cast.desk("frontdesk").get("clients/", page_size="2")
    counts = [query["sql"] for query in captured.captured_queries if "COUNT(" in query["sql"].upper()]
    assert len(counts) == 1
