"""Every refusal has one shape (RFC 9457), says what to do, and gives nothing away."""

from __future__ import annotations

import json
from typing import Any

import pytest
from rest_framework.test import APIClient

from kapclinic.core import clock
from kapclinic.core.http.problems import CONTENT_TYPE
from kapclinic.practice import services as practice
from kapclinic.practice.models import Client
from programs.models import Protocol
from tests import cast as people
from tests.cast import ADDRESS, PASSWORD, Cast
from tests.journeys.steps import moment
from tests.sessions.booking.desk import TUESDAY, body

UTF8 = "application/json"


def _client(cast: Cast, **more: Any) -> dict[str, Any]:
    return {
        "legal_first_name": "Robin",
        "legal_last_name": "Sample",
        "date_of_birth": "1985-03-02",
        "administrative_sex": "X",
        "phone": "303-555-0142",
        "address": ADDRESS,
        "locations": [str(cast.north.pk)],
    } | more


def _problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    """The answer, after a look at its shape."""
    assert answer.status_code == status, answer.content[:500]
    assert answer.headers["Content-Type"] == CONTENT_TYPE
    found: dict[str, Any] = answer.json()
    assert found["status"] == status
    assert found["code"] == code
    assert found["type"] == f"urn:kapclinic:problem:{code}"
    assert found["title"]
    assert found["detail"]
    for error in found.get("errors", []):
        assert set(error) == {"pointer", "code", "detail"}
        assert error["pointer"].startswith("/")
    return found


def _raw(cast: Cast, content: bytes, *, path: str = "clients/", kind: str = UTF8, **headers: Any) -> Any:
    """POST of bytes as they are, by the front desk."""
    return cast.desk("frontdesk").client.generic("POST", f"/api/v1/{path}", content, kind, **headers)


# --- one shape -------------------------------------------------------------------------------------------


def test_signed_out_is_401(cast: Cast) -> None:
    for path in ("clients/", "sessions/", "auth/me/", "tasks/"):
        answer = APIClient().get(f"/api/v1/{path}")
        _problem(answer, 401, "not_authenticated")
        assert answer.headers["WWW-Authenticate"] == "Token"


@pytest.mark.parametrize("header", ["Token", "Token a b", "Token kap_nonsense", "token \xff"])
def test_a_token_that_is_none_is_401(cast: Cast, header: str) -> None:
    answer = APIClient().get("/api/v1/clients/", HTTP_AUTHORIZATION=header)
    _problem(answer, 401, "authentication_failed")


def test_the_wrong_role_is_403(cast: Cast) -> None:
    _problem(cast.desk("billing").post("sessions/", {}), 403, "not_permitted")


def test_nothing_at_the_address_is_404(cast: Cast) -> None:
    front = cast.desk("frontdesk")
    _problem(front.get("clients/01900000-0000-7000-8000-00000000dead/"), 404, "not_found")
    _problem(front.get("nonsense/"), 404, "not_found")
    _problem(front.get("clients/7/"), 404, "not_found")
    _problem(front.client.get("/nonsense"), 404, "not_found")


def test_what_is_elsewhere_looks_like_what_is_nowhere(cast: Cast) -> None:
    elsewhere = people.client(cast.south, by=cast.south_frontdesk)
    nowhere = cast.desk("frontdesk").get("clients/01900000-0000-7000-8000-00000000dead/").json()
    assert cast.desk("frontdesk").get(f"clients/{elsewhere.pk}/").json() == nowhere


def test_a_method_that_an_address_does_not_have_is_405(cast: Cast) -> None:
    front = cast.desk("frontdesk")
    for method, path in (
        ("delete", "clients/"),
        ("put", "sessions/"),
        ("patch", "protocols/"),
        ("post", "auth/me/"),
    ):
        answer = getattr(front.client, method)(f"/api/v1/{path}", {}, format="json")
        _problem(answer, 405, "method_not_allowed")
        assert answer.headers["Allow"]


def test_the_wrong_state_is_409_and_says_the_state(cast: Cast) -> None:
    session = cast.desk("frontdesk").must("sessions/", body(cast, people.opened_program(cast)))
    with clock.fixed(TUESDAY):
        answer = cast.desk("therapist").post(f"sessions/{session['id']}/start/")
    assert _problem(answer, 409, "illegal_transition")["state"] == "scheduled"


def test_a_row_that_is_there_already_is_409(cast: Cast) -> None:
    wanted = {"name": "Aspen", "location": str(cast.north.pk), "kinds": ["dosing"], "turnover_min": 0}
    _problem(cast.desk("admin").post("rooms/", wanted), 409, "conflict")


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/xml",
        "multipart/form-data; boundary=x",
        "",
        "application/x-www-form-urlencoded",
    ],
)
def test_a_body_that_is_no_json_is_415(cast: Cast, kind: str) -> None:
    _problem(_raw(cast, b"legal_first_name=Robin", kind=kind), 415, "unsupported_media_type")


def test_an_answer_that_is_no_json_is_406(cast: Cast) -> None:
    answer = cast.desk("frontdesk").client.get("/api/v1/clients/", HTTP_ACCEPT="text/html")
    _problem(answer, 406, "not_acceptable")


# --- bodies ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"{", id="unfinished"),
        pytest.param(b"", id="empty"),
        pytest.param(b"{'a': 1}", id="single quotes"),
        pytest.param(b'{"phone": NaN}', id="NaN"),
        pytest.param(b'{"phone": Infinity}', id="Infinity"),
        pytest.param(b'{"phone": 1e400}', id="a number past every number"),
        pytest.param(b'{"a": ' + b"9" * 5000 + b"}", id="a number of 5000 digits"),
        pytest.param(b'{"phone": "\xff\xfe"}', id="bytes that are no text"),
        pytest.param(b'{"phone": "\\u0000"}', id="a NUL"),
        pytest.param(b'{"pho\\u0000ne": "x"}', id="a NUL in a name"),
        pytest.param(b'{"phone": "\\ud800"}', id="half a character"),
        pytest.param(b'{"\\ud800": "x"}', id="half a character in a name"),
        pytest.param(
            b'{"address": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", id="nested a hundred thousand deep"
        ),
        pytest.param(
            b'{"address": ' + b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"}", id="objects nested deep"
        ),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"null", id="null"),
        pytest.param(b'"text"', id="a text"),
        pytest.param(b"7", id="a number"),
    ],
)
def test_a_body_that_cannot_be_read_is_400(cast: Cast, content: bytes) -> None:
    answer = _raw(cast, content)
    _problem(answer, 400, answer.json()["code"])
    assert not Client.objects.exists()


def test_a_body_past_a_megabyte_is_413(cast: Cast) -> None:
    content = json.dumps(_client(cast, pronouns="x" * 1_000_001)).encode()
    _problem(_raw(cast, content), 413, "payload_too_large")


@pytest.mark.parametrize("length", ["-1", "many", "²", "1e3", "9" * 5000])
def test_a_length_that_is_none_is_refused(cast: Cast, length: str) -> None:
    answer = cast.desk("frontdesk").client.get("/api/v1/clients/", CONTENT_LENGTH=length)
    assert answer.status_code in {400, 413}
    _problem(answer, answer.status_code, answer.json()["code"])


def test_a_body_of_unknown_length_is_411(cast: Cast) -> None:
    answer = _raw(cast, b"{}", HTTP_TRANSFER_ENCODING="chunked", CONTENT_LENGTH="")
    _problem(answer, 411, "length_required")


@pytest.mark.parametrize(
    "path", ["clients/?search=a%00b", "clients/?se%00arch=x", "cli%00ents/", "sessions/?kind=%00"]
)
def test_a_nul_in_the_address_is_400(cast: Cast, path: str) -> None:
    answer = cast.desk("frontdesk").client.get(f"/api/v1/{path}")
    _problem(answer, 400, "invalid")


@pytest.mark.parametrize(
    "query", ["search=%ff%fe", "search=%ed%a0%80", "search=%F0%9F%92%8A", "search=" + "x" * 4000]
)
def test_a_search_for_odd_text_finds_nobody(cast: Cast, query: str) -> None:
    answer = cast.desk("frontdesk").client.get(f"/api/v1/clients/?{query}")
    assert (answer.status_code, answer.json()["results"]) == (200, [])


# --- fields ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value", "pointer", "code"),
    [
        ("nickname", "Rob", "/nickname", "unknown_field"),
        ("legal_first_name", "", "/legal_first_name", "blank"),
        ("legal_first_name", "x" * 81, "/legal_first_name", "max_length"),
        ("legal_first_name", None, "/legal_first_name", "null"),
        ("legal_first_name", ["Robin"], "/legal_first_name", "invalid"),
        ("legal_first_name", {"a": 1}, "/legal_first_name", "invalid"),
        ("legal_first_name", True, "/legal_first_name", "invalid"),
        ("date_of_birth", "2999-01-01", "/date_of_birth", "invalid"),
        ("date_of_birth", "1985-02-30", "/date_of_birth", "invalid"),
        ("date_of_birth", "1985-03-02T00:00:00Z", "/date_of_birth", "invalid"),
        ("date_of_birth", 19850302, "/date_of_birth", "invalid"),
        ("date_of_birth", "0001-01-01", "/date_of_birth", "invalid"),
        ("administrative_sex", "Q", "/administrative_sex", "invalid_choice"),
        ("administrative_sex", ["F"], "/administrative_sex", "invalid_choice"),
        ("email", "nobody", "/email", "invalid"),
        ("phone", "none", "/phone", "invalid"),
        ("time_zone", "Mars/Olympus", "/time_zone", "invalid"),
        ("locations", [], "/locations", "min_length"),
        ("locations", ["7"], "/locations/0", "invalid"),
        ("locations", "all", "/locations", "not_a_list"),
        ("address", {}, "/address/line1", "required"),
        ("address", [], "/address", "invalid"),
        ("address", ADDRESS | {"state": "Colorado"}, "/address/state", "invalid"),
        ("address", ADDRESS | {"planet": "Mars"}, "/address/planet", "unknown_field"),
        (
            "escort_contacts",
            [{"name": "A", "phone": "1"}, {"name": ""}],
            "/escort_contacts/1/phone",
            "required",
        ),
    ],
)
def test_each_refused_field_is_named(cast: Cast, field: str, value: Any, pointer: str, code: str) -> None:
    answer = cast.desk("frontdesk").post("clients/", _client(cast, **{field: value}))
    errors = {(error["pointer"], error["code"]) for error in _problem(answer, 400, "invalid")["errors"]}
    assert (pointer, code) in errors
    assert not Client.objects.exists()


def test_a_location_that_is_not_the_callers_is_named(cast: Cast) -> None:
    wanted = _client(cast, locations=[str(cast.north.pk), str(cast.south.pk)])
    (error,) = _problem(cast.desk("frontdesk").post("clients/", wanted), 400, "invalid")["errors"]
    assert (error["pointer"], error["code"]) == ("/locations/1", "not_found")


@pytest.mark.parametrize(
    "value",
    [
        "2026-05-05T09:00:00",
        "2026-05-05",
        "2026-05-05 09:00",
        "now",
        1_777_000_000,
        "2026-13-05T09:00:00Z",
        "2026-05-05T25:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00",
        "2026-05-05T09:00:00+99:00",
        None,
        ["2026-05-05T09:00:00Z"],
    ],
)
def test_a_time_is_given_with_its_offset(cast: Cast, value: Any) -> None:
    wanted = body(cast, people.opened_program(cast)) | {"starts_at": value}
    answer = cast.desk("frontdesk").post("sessions/", wanted)
    errors = _problem(answer, 400, "invalid")["errors"]
    assert {error["pointer"] for error in errors} == {"/starts_at"}


@pytest.mark.parametrize(
    "value",
    ["10.001", "0.005", 10.001, "1e-3", "12345678901.00", "NaN", "Infinity", "-Infinity", "ten", True, []],
)
def test_an_amount_has_two_decimals_at_most_and_is_not_rounded(cast: Cast, value: Any) -> None:
    client = people.client(cast.north, by=cast.frontdesk)
    wanted = {"client": str(client.pk), "amount": value, "method": "card", "received_on": "2026-05-04"}
    errors = _problem(cast.desk("billing").post("payments/", wanted), 400, "invalid")["errors"]
    assert "/amount" in {error["pointer"] for error in errors}


@pytest.mark.parametrize("value", ["0.0001", "1.2345", "1000000", "-1", "NaN"])
def test_milligrams_have_three_decimals_at_most(cast: Cast, value: str) -> None:
    session = people.ready_dose(cast, without=("order",))
    wanted = {
        "drug": "ketamine",
        "route": "sublingual",
        "dose_mg": value,
        "max_total_mg": "200",
        "valid_until": moment(TUESDAY),
    }
    answer = cast.desk("prescriber").post(f"sessions/{session.pk}/orders/", wanted)
    errors = _problem(answer, 400, "invalid")["errors"]
    assert "/dose_mg" in {error["pointer"] for error in errors}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("planned_doses", 10**400),
        ("planned_doses", -1),
        ("planned_doses", "6.5"),
        ("planned_doses", True),
        ("min_gap_hours", 2**63),
        ("span_days", [1, 10**30]),
        ("span_days", [1, 2**62]),
        ("span_days", [True, 2]),
        ("checks_min", [10**20]),
        ("limits", {"clearance_days": 10**30}),
        ("limits", {"clearance_days": "x" * 100}),
        ("bands", {"bp": {"go": [10**30, 90]}}),
        ("lengths_min", {"preparation": 10**30}),
        ("integration", {"from_hours": 1, "to_hours": 10**30}),
        ("integration", {"from_hours": 1, "to_hours": 2**62}),
        ("integration", {"from_hours": 24, "to_hours": 72, "outer_hours": 71}),
        ("integration", {"from_hours": False, "to_hours": True}),
        ("limits", {"severities": {"X": 2**70}}),
        ("fasting_hours", {"solid": 10**30}),
        ("resources", [{"role": "therapist", "from_min": 0, "to_min": 10**30, "mode": "exclusive"}]),
        ("resources", [{"role": ["therapist"], "from_min": "a", "to_min": None, "mode": {}}]),
    ],
)
def test_a_number_that_no_clinic_needs_is_refused(cast: Cast, field: str, value: Any) -> None:
    wanted = {"name": "Odd", "program_type": "kap", "route": "sublingual", field: value}
    answer = cast.desk("director").post("protocols/", wanted)
    answer_ = _problem(answer, 400, answer.json()["code"])
    if answer_["code"] != "malformed":  # no number past 64 bits is even read
        assert {error["pointer"].split("/")[1] for error in answer_["errors"]} == {field}
    assert not Protocol.objects.exists()


# --- what nobody anticipated -----------------------------------------------------------------------------


def test_a_crash_gives_nothing_away(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def crash(**values: Any) -> None:
        raise ZeroDivisionError("secret words of Robin Sample")

    monkeypatch.setattr(practice, "save_client", crash)
    front = cast.desk("frontdesk")
    front.client.raise_request_exception = False
    answer = front.post("clients/", _client(cast))
    assert _problem(answer, 500, "internal")["detail"] == "Internal error"
    for word in (b"Robin", b"secret", b"Traceback", b"ZeroDivision", b".py"):
        assert word not in answer.content
    assert "unanticipated ZeroDivisionError in ClientViewSet" in caplog.text


def test_a_crash_outside_the_api_gives_nothing_away(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(self: Any, request: Any) -> None:
        raise ZeroDivisionError("secret words")

    monkeypatch.setattr("kapclinic.practice.middleware.SessionLifetime.__call__", crash)
    answer = APIClient(raise_request_exception=False).get("/api/v1/clients/")
    _problem(answer, 500, "internal")
    assert b"secret" not in answer.content


def test_no_refusal_repeats_a_password(cast: Cast) -> None:
    wanted = {"email": "frontdesk@example.test", "password": [PASSWORD], "otp": "x" * 50}
    answer = APIClient().post("/api/v1/auth/login/", wanted, format="json")
    _problem(answer, 400, "invalid")
    assert PASSWORD.encode() not in answer.content
