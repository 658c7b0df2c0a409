"""Payers and coverages: what the front desk writes down from a card, and until when a superbill must be sent."""

from __future__ import annotations

import io
from typing import Any

import pypdf
import pytest
from django.db import IntegrityError, transaction

from billing.coverages.selectors import subscriber_on
from billing.models import Coverage, Payer
from sessions.course.services import merges
from tests.asking import done, events, refused, sql
from tests.billing.till import NOW, SERVED, Till
from tests.cast import ADDRESS, PERSON, client

MAY = {"frontdesk", "billing", "director"}
PARENT = {"name": "Alex Sample", "date_of_birth": "1960-04-01"}


def payer(till: Till, name: str = "Acme Health", **more: Any) -> dict[str, Any]:
    return till.cast.desk("frontdesk").must("payers/", {"name": name} | more, status=201)


def card(till: Till, plan: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    shape = {
        "client": str(till.client.pk),
        "member_id": "M-77",
        "relationship": "self",
        "valid_from": "2026-01-01",
        "intent": "self_pay",
    }
    return shape | ({"payer": plan["id"]} if plan else {}) | more


def covered(till: Till, plan: dict[str, Any] | None, **more: Any) -> dict[str, Any]:
    return till.cast.desk("frontdesk").must("coverages/", card(till, plan, **more), status=201)


def uninsured(till: Till, **more: Any) -> dict[str, Any]:
    shape = {"client": str(till.client.pk), "valid_from": "2026-01-01", "intent": "uninsured"}
    return shape | more


def test_the_front_desk_writes_down_a_card(till, cast):
    plan = payer(till, payer_id="ACME1", filing_limit_days=90)
    assert (plan["payer_id"], plan["filing_limit_days"], plan["version"]) == ("ACME1", 90, 1)
    made = covered(
        till, plan, group_number="G-9", relationship="child", subscriber=PARENT | {"address": ADDRESS}
    )
    assert made["subscriber"] == PARENT | {"address": ADDRESS | {"line2": ""}}
    assert (made["payer_name"], made["member_id"], made["status"]) == ("Acme Health", "M-77", "standing")
    desk = cast.desk("frontdesk")
    changed = done(desk.patch(f"coverages/{made['id']}/", {"relationship": "self", "subscriber": None}), 200)
    assert (changed["subscriber"], changed["version"]) == (None, 2)
    refused(desk.patch(f"coverages/{made['id']}/", {"member_id": "M-78"}, match='"1"'), 412, "stale")
    refused(
        desk.patch(f"coverages/{made['id']}/", {"client": str(till.client.pk)}),
        400,
        "unknown_field",
        "/client",
    )
    assert [
        row["id"]
        for row in desk.get("coverages/", client=str(till.client.pk), on="2026-05-01").json()["results"]
    ] == [made["id"]]
    assert desk.get("coverages/", on="2025-12-31").json()["count"] == 0
    assert [event[2] for event in events("coverage.create")] == [[till.client.pk]]
    assert [row.member_id for row in Coverage.history.all()] == ["M-77", "M-77"]


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"payer": None}, "/payer", "required"),
        ({"payer": "01900000-0000-7000-8000-00000000dead"}, "/payer", "not_found"),
        ({"member_id": ""}, "/member_id", "required"),
        ({"relationship": "spouse"}, "/subscriber", "required"),
        ({"subscriber": PARENT}, "/subscriber", "not_expected"),
        ({"intent": "uninsured"}, "/payer", "not_expected"),
        ({"intent": "uninsured", "payer": None}, "/member_id", "not_expected"),
        ({"valid_to": "2025-12-31"}, "/valid_to", "reversed"),
        ({"intent": "perhaps"}, "/intent", "invalid_choice"),
        ({"client": "01900000-0000-7000-8000-00000000dead"}, "/client", "not_found"),
    ],
)
def test_what_does_not_go_together_is_refused_by_its_field(till, body, pointer, code):
    shape = card(till, payer(till)) | body
    refused(till.cast.desk("frontdesk").post("coverages/", shape), 400, code, pointer)
    assert not Coverage.objects.exists()


def test_a_card_is_written_down_once_and_nobody_is_insured_and_not(till, cast):
    plan, other = payer(till), payer(till, "Other Plan")
    first = covered(till, plan, valid_to="2026-06-30")
    desk = cast.desk("frontdesk")
    refused(desk.post("coverages/", card(till, plan, valid_from="2026-06-30")), 409, "coverage_overlaps")
    refused(desk.post("coverages/", uninsured(till)), 409, "coverage_overlaps")
    covered(till, other)  # two plans at once there may be
    covered(till, plan, valid_from="2026-07-01")
    refused(desk.patch(f"coverages/{first['id']}/", {"valid_to": None}), 409, "coverage_overlaps")
    refused(desk.post("payers/", {"name": "acme health"}), 409, "payer_taken")
    assert (Coverage.objects.count(), Payer.objects.count()) == (3, 2)


@pytest.mark.django_db(transaction=True)
def test_two_desks_write_down_one_card_once(till, cast):
    plan = payer(till)
    shape = card(till, plan)
    answers = till.at_once(*[lambda own: own.desk.post("coverages/", shape)] * 4)
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


def test_the_wrong_clients_card_is_taken_back(till, cast):
    plan = payer(till)
    made = covered(till, plan)
    desk = cast.desk("frontdesk")
    card_in_words = {"reason": "paid by 4242 4242 4242 4242"}
    refused(desk.post(f"coverages/{made['id']}/void/", card_in_words), 400, "card_number", "/reason")
    gone = done(desk.post(f"coverages/{made['id']}/void/", {"reason": "somebody else's card"}), 200)
    assert (gone["status"], gone["allowed_moves"], gone["void_reason"]) == (
        "voided",
        [],
        "somebody else's card",
    )
    refused(desk.post(f"coverages/{made['id']}/void/", {"reason": "again"}), 409, "already_void")
    refused(desk.patch(f"coverages/{made['id']}/", {"member_id": "M-1"}), 409, "already_void")
    covered(till, plan)
    assert subscriber_on(client=till.client.pk, on=SERVED.date())["member_id"] == "M-77"
    with pytest.raises(Exception, match="frozen"), transaction.atomic():
        sql("UPDATE billing_coverage SET member_id = 'x' WHERE voided_at IS NOT NULL")


@pytest.mark.parametrize(
    "values",
    [
        "payer_id = NULL",
        "member_id = ''",
        "relationship = 'spouse'",
        "intent = 'free'",
        "valid_to = '2020-01-01'",
        "void_reason = 'x'",
    ],
)
def test_the_database_keeps_what_belongs_together(till, values):
    covered(till, payer(till))
    with pytest.raises(IntegrityError), transaction.atomic():
        sql(f"UPDATE billing_coverage SET {values}")
    row = Coverage.objects.get()
    twin = Coverage(
        client=row.client, payer=row.payer, member_id="2", valid_from=row.valid_from, intent="self_pay"
    )
    with pytest.raises(IntegrityError, match="coverage_one_at_a_time"), transaction.atomic():
        twin.save_by(till.cast.billing, at=NOW)


@pytest.mark.parametrize("who", sorted(PERSON.values()))
def test_who_takes_the_card_and_who_files_with_it_see_it_alone(till, cast, who):
    plan = payer(till)
    made = covered(till, plan)
    asks = cast.desk(who)
    answers = [
        asks.get("coverages/"),
        asks.get(f"coverages/{made['id']}/"),
        asks.get("payers/"),
        asks.get(f"payers/{plan['id']}/"),
        asks.client.patch(f"/api/v1/coverages/{made['id']}/", {}, format="json", HTTP_IF_MATCH='"1"'),
    ]
    assert {answer.status_code for answer in answers} == ({200} if who in MAY else {403})
    if who not in MAY:
        assert all("M-77" not in answer.content.decode() for answer in answers)
        assert asks.post("payers/", {"name": "Mine"}).status_code == 403
        assert asks.post("coverages/", card(till, plan)).status_code == 403
    may_change = {"billing": 200, "director": 200}.get(who, 403)
    answer = asks.client.patch(
        f"/api/v1/payers/{plan['id']}/", {"filing_limit_days": 30}, format="json", HTTP_IF_MATCH='"1"'
    )
    assert answer.status_code == may_change
    assert Payer.objects.get().filing_limit_days == (30 if may_change == 200 else None)


def test_another_location_finds_nothing(till, cast):
    made = covered(till, payer(till))
    south = cast.desk("south_frontdesk")
    assert south.get(f"coverages/{made['id']}/").status_code == 404
    assert south.get("coverages/").json()["count"] == 0
    assert south.post(f"coverages/{made['id']}/void/", {"reason": "mine"}).status_code == 404
    refused(south.post("coverages/", card(till, payer(till, "Third"))), 400, "not_found", "/client")


def superbill(till: Till) -> dict[str, Any]:
    return done(till.superbill(), 201)


def test_a_superbill_says_until_when_it_must_be_sent(till, cast):
    till.charge()
    till.charge(till.session(starts_at=SERVED.replace(day=12)))
    assert superbill(till)["submit_by"] is None
    plan = payer(till, filing_limit_days=90)
    covered(till, plan, valid_from="2026-05-15")
    issued = superbill(till)
    assert issued["submit_by"] == "2026-08-16"  # 90 days after the 18th; the 12th was not covered
    paper = till.desk.client.get(f"/api/v1/superbills/{issued['id']}/pdf/").content
    assert "Submit by 08/16/2026" in pypdf.PdfReader(io.BytesIO(paper)).pages[0].extract_text()
    longer = payer(till, "Longer", filing_limit_days=365)
    covered(till, longer)
    assert superbill(till)["submit_by"] == "2026-08-16"
    done(cast.desk("billing").patch(f"payers/{longer['id']}/", {"filing_limit_days": 30}), 200)
    assert superbill(till)["submit_by"] == "2026-06-11"
    shown = till.desk.get(f"superbills/{issued['id']}/").json()
    assert shown["submit_by"] == "2026-08-16"  # the paper stays what it was


def test_a_card_under_the_other_registration_counts(till, cast):
    till.charge()
    twin = client(cast.north, by=cast.frontdesk, first="Rob")
    covered(till, payer(till, filing_limit_days=10), client=str(twin.pk))
    assert superbill(till)["submit_by"] is None
    merges.merge(client=twin, into_id=till.client.pk, reason="Same person", by=cast.director, at=NOW)
    assert superbill(till)["submit_by"] == "2026-05-28"
    assert subscriber_on(client=till.client.pk, on=SERVED.date())["payer"] == "Acme Health"
    listed = cast.desk("frontdesk").get("coverages/", client=str(till.client.pk)).json()
    assert listed["count"] == 1


def test_a_dependant_is_on_somebody_elses_policy(till, cast):
    assert subscriber_on(client=till.client.pk, on=SERVED.date()) is None
    cast.desk("frontdesk").must("coverages/", uninsured(till, valid_to="2026-03-31"), status=201)
    covered(till, payer(till), relationship="child", subscriber=PARENT, valid_from="2026-04-01")
    assert subscriber_on(client=till.client.pk, on=SERVED.date()) == PARENT | {
        "relationship": "child",
        "address": {},
        "payer": "Acme Health",
        "member_id": "M-77",
        "group_number": "",
    }
    assert subscriber_on(client=till.client.pk, on=SERVED.date().replace(month=3)) is None
