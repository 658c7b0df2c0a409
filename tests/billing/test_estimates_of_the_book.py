"""Which services of the book lack an estimate: each coverage and each estimate by itself, whoever's registration it is
on, and how much of it is read."""

from __future__ import annotations

import json
from datetime import date, timedelta
from itertools import product
from typing import Any
from uuid import UUID, uuid4

from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext

from billing.coverages.models import Coverage
from billing.estimates.models import Estimate, EstimateVoid
from billing.estimates.selectors import unestimated
from kapclinic.practice.models import ClientAlias
from sessions.booking.models import Session
from tests.asking import done, rows_read, sql
from tests.billing.test_coverages import payer, uninsured
from tests.billing.test_estimates import asked, void
from tests.billing.till import NOW, Till
from tests.cast import booked, client

STARTS = NOW.replace(month=6, day=5, hour=3)  # the evening before, in Denver
DAY, EVE, NEXT, SOON = date(2026, 6, 4), date(2026, 6, 3), date(2026, 6, 5), date(2026, 1, 1)
# What a client has, and whether it counts on the day of the service.
COVERED: list[tuple[dict[str, Any] | None, bool]] = [
    (None, False),
    ({"valid_from": SOON, "valid_to": None}, True),
    ({"valid_from": DAY, "valid_to": DAY}, True),
    ({"valid_from": NEXT, "valid_to": None}, False),
    ({"valid_from": SOON, "valid_to": EVE}, False),
    ({"valid_from": SOON, "valid_to": None, "voided_at": NOW, "void_reason": "Wrong client"}, False),
    (
        {"valid_from": SOON, "valid_to": None, "intent": "will_claim", "member_id": "M"},
        False,
    ),
]
TOLD: list[tuple[dict[str, Any] | None, bool]] = [
    (None, False),
    ({"from_date": DAY, "to_date": DAY}, True),
    ({"from_date": NEXT, "to_date": date(2027, 1, 1)}, False),
    ({"from_date": SOON, "to_date": EVE}, False),
    ({"from_date": SOON, "to_date": NEXT, "voided": True}, False),
]
# On which registration each thing is, 0 being the main one; and whether the others are the same person.
LINKS = [
    {"session": 0, "rest": 0, "merged": False},
    {"session": 0, "rest": 1, "merged": True},
    {"session": 1, "rest": 0, "merged": True},
    {"session": 1, "rest": 2, "merged": True},
    {"session": 0, "rest": 1, "merged": False},
]


def copies(pattern: Model, rows: list[dict[str, Any]]) -> None:
    """Rows like `pattern`, past every check but those of the database."""
    table = pattern._meta.db_table
    statement = (
        f"INSERT INTO {table} SELECT (jsonb_populate_record(t, given)).* "
        f"FROM {table} t, jsonb_array_elements(%s::jsonb) given WHERE t.id = %s"
    )
    sql(statement, json.dumps(rows, default=str), pattern.pk)


def test_a_service_lacks_one_by_its_day_whoevers_registration_tells_of_it(till: Till) -> None:
    who = client(till.cast.north, by=till.cast.frontdesk, first="Pattern")
    other = client(till.cast.north, by=till.cast.frontdesk, first="Other")
    session = booked(till.cast, till.program, "preparation", NOW + timedelta(days=15))
    done(till.cast.desk("frontdesk").post("coverages/", uninsured(till)), 201)
    insurer = payer(till)["id"]
    covered, told = Coverage.objects.get(), Estimate.objects.get(pk=asked(till)["id"])
    off = asked(till)
    done(void(till, off), 200)
    alias = ClientAlias(client=who, into=other, reason="One person").save_by(till.cast.admin, at=NOW)
    clients, aliases, sessions, coverages, estimates, voids, expected = [], [], [], [], [], [], set()
    cases = product(COVERED, TOLD, LINKS)
    for number, ((has, pays), (tells, told_of), link) in enumerate(cases):
        ids = [UUID(int=(number + 1) * 1000 + nth) for nth in range(3)]
        clients += [{"id": pk, "mrn": f"T{pk.int}"} for pk in ids]
        ended = {} if link["merged"] else {"ended_at": NOW, "end_reason": "Two persons"}
        aliases += [{"id": uuid4(), "client_id": pk, "into_id": ids[0], **ended} for pk in ids[1:]]
        own, rest = ids[link["session"]], ids[link["rest"]]
        sessions.append(
            {"id": uuid4(), "client_id": own, "starts_at": STARTS, "ends_at": STARTS + timedelta(hours=1)}
        )
        if has is not None:
            insured = {"payer_id": insurer} if has.get("intent") == "will_claim" else {}
            coverages.append({"id": uuid4(), "client_id": rest, **has, **insured})
        if tells is not None:
            made = {"id": uuid4(), "client_id": rest, "number": f"G-2025-{number:06}", **tells}
            estimates.append(made)
            voids += [{"id": uuid4(), "estimate_id": made["id"]}] * bool(made.pop("voided", False))
        same = link["merged"] or link["session"] == link["rest"]
        if same and pays and not told_of:
            expected.add(own)
    copies(who, clients)
    copies(alias, aliases)
    copies(session, sessions)
    copies(covered, coverages)
    copies(told, estimates)
    copies(EstimateVoid.objects.get(estimate_id=off["id"]), voids)
    found = unestimated(at=NOW)
    assert {row.client for row in found} == expected
    assert len(found) == len(expected) == 2 * 4 * 4
    assert {(row.location, row.starts_at, row.created_at) for row in found} == {
        (session.location_id, STARTS, session.created_at)
    }
    assert unestimated(at=STARTS) == found
    assert unestimated(at=STARTS + timedelta(seconds=1)) == []
    sql("UPDATE clinic_sessions_session SET status = 'cancelled' WHERE client_id = %s", found[0].client)
    assert unestimated(at=NOW) == found[1:]


def test_each_table_is_read_once_however_many_pay_themselves(till: Till) -> None:
    session = booked(till.cast, till.program, "preparation", NOW + timedelta(days=15))
    done(till.cast.desk("frontdesk").post("coverages/", uninsured(till)), 201)
    ids = [UUID(int=nth + 1) for nth in range(300)]
    copies(till.client, [{"id": pk, "mrn": f"T{pk.int}"} for pk in ids])
    copies(Coverage.objects.get(), [{"id": uuid4(), "client_id": pk} for pk in ids])
    copies(session, [{"id": uuid4(), "client_id": pk} for pk in ids])
    with CaptureQueriesContext(connection) as captured:
        assert len(unestimated(at=NOW)) == 301
    taken = rows_read(
        captured[0]["sql"], but="nestloop"
    )  # as it is with statistics, of which a test has none
    assert taken.keys() >= {model._meta.db_table for model in (Session, Coverage, Estimate)}
    assert max(taken.values()) <= 2 * 301, taken
