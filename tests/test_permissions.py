"""Every address, asked as every role, answers as docs/permissions.md says; and the page says what was agreed."""

from __future__ import annotations

import re
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from kapclinic.trail.management.commands import permissions_matrix
from kapclinic.trail.management.commands.permissions_matrix import ROLES, entries
from tests.cast import Cast

PAGE = Path(__file__).parent.parent / "docs" / "permissions.md"
NOBODY = UUID("01900000-0000-7000-8000-00000000dead")
PERSON = dict(
    zip(ROLES, ("frontdesk", "np", "therapist", "prescriber", "billing", "director", "admin"), strict=True)
)
DESK, NP, TH, PR, BI, DI, AD = ROLES
BOOK = {DESK, NP, TH, PR, DI}
CLINICAL = {NP, TH, PR, DI}
ALL = set(ROLES)

# The clinic's agreement, written down by hand: who may do what, whatever the views say.
AGREED: dict[tuple[str, str], set[str]] = {
    ("POST", "clients/"): BOOK,
    ("PATCH", "clients/{id}/"): BOOK,
    ("GET", "clients/{id}/access-log/"): {DI},
    ("GET", "clients/{id}/access-log/pdf/"): {DI},
    ("GET", "break-glass/"): CLINICAL | {AD},
    ("POST", "break-glass/"): CLINICAL,
    ("POST", "break-glass/find/"): CLINICAL,
    ("GET", "break-glass/{id}/"): CLINICAL | {AD},
    ("POST", "break-glass/{id}/end/"): CLINICAL,
    ("POST", "break-glass/{id}/review/"): {DI},
    ("POST", "witnesses/passkey/"): CLINICAL,
    ("GET", "changes/"): ALL,
    ("GET", "auth/tokens/"): ALL,
    ("POST", "auth/tokens/"): ALL,
    ("DELETE", "auth/tokens/"): ALL,
    ("POST", "auth/step-up/"): ALL,
    ("GET", "auth/second-factors/"): ALL,
    ("POST", "auth/second-factors/totp/"): ALL,
    ("POST", "auth/second-factors/totp/{id}/confirm/"): ALL,
    ("POST", "auth/second-factors/passkey/"): ALL,
    ("POST", "auth/second-factors/passkey/{id}/confirm/"): ALL,
    ("DELETE", "auth/second-factors/{id}/"): ALL,
    ("GET", "second-factor-resets/"): {DI, AD},
    ("POST", "second-factor-resets/"): {DI, AD},
    ("GET", "second-factor-resets/{id}/"): {DI, AD},
    ("POST", "second-factor-resets/{id}/approve/"): {DI, AD},
    ("POST", "second-factor-resets/{id}/decline/"): {DI, AD},
    ("POST", "auth/private-notes/open/"): ALL,
    ("GET", "private-note-openings/"): {DI, AD},
    ("POST", "private-note-openings/"): {DI, AD},
    ("GET", "private-note-openings/{id}/"): {DI, AD},
    ("POST", "private-note-openings/{id}/approve/"): {DI, AD},
    ("POST", "private-note-openings/{id}/decline/"): {DI, AD},
    ("GET", "disclosures/"): CLINICAL,
    ("POST", "disclosures/"): CLINICAL,
    ("POST", "disclosures/{id}/void/"): CLINICAL,
    ("GET", "amendment-requests/"): CLINICAL,
    ("POST", "amendment-requests/"): CLINICAL,
    ("POST", "amendment-requests/{id}/extend/"): {DI},
    ("POST", "amendment-requests/{id}/accept/"): CLINICAL,
    ("POST", "amendment-requests/{id}/deny/"): {DI},
    ("POST", "amendment-requests/{id}/void/"): CLINICAL,
    ("POST", "amendment-requests/{id}/disagreement/"): CLINICAL,
    ("GET", "imports/"): {AD},
    ("POST", "imports/"): {AD},
    ("GET", "imports/{id}/"): {AD},
    ("POST", "imports/{id}/undo/"): {AD},
    ("GET", "clients/{id}/attachments/"): CLINICAL,
    ("POST", "clients/{id}/attachments/"): CLINICAL,
    ("GET", "clients/{id}/attachments/{attachment_id}/"): CLINICAL,
    ("GET", "clients/{id}/attachments/{attachment_id}/file/"): CLINICAL,
    ("POST", "clients/{id}/attachments/{attachment_id}/void/"): CLINICAL,
    ("GET", "legal-holds/"): {DI},
    ("POST", "legal-holds/"): {DI},
    ("POST", "legal-holds/{id}/lift/"): {DI},
    ("GET", "practice-exports/"): {DI, AD},
    ("POST", "practice-exports/"): {AD},
    ("GET", "practice-exports/{id}/"): {DI, AD},
    ("GET", "practice-exports/{id}/file/"): {DI, AD},
    ("POST", "practice-exports/{id}/approve/"): {DI},
    ("POST", "practice-exports/{id}/refuse/"): {DI},
    ("POST", "practice-exports/{id}/stop/"): {DI, AD},
    ("GET", "record-exports/"): CLINICAL,
    ("POST", "record-exports/"): CLINICAL,
    ("GET", "record-exports/{id}/"): CLINICAL,
    ("GET", "record-exports/{id}/file/"): CLINICAL,
    ("POST", "record-exports/{id}/stop/"): CLINICAL,
    ("GET", "clients/{id}/allergies/"): CLINICAL,
    ("POST", "clients/{id}/allergies/"): CLINICAL,
    ("POST", "clients/{id}/allergies/none-known/"): CLINICAL,
    ("POST", "clients/{id}/allergies/none-known/void/"): CLINICAL,
    ("POST", "clients/{id}/allergies/{allergy_id}/void/"): CLINICAL,
    ("GET", "clients/{id}/banner/"): BOOK | {BI},
    ("POST", "clients/{id}/deceased/"): BOOK,
    ("POST", "clients/{id}/deceased/void/"): BOOK,
    ("POST", "clients/{id}/merge/"): {DI},
    ("POST", "clients/{id}/unmerge/"): {DI},
    ("GET", "client-links/"): BOOK,
    ("POST", "client-links/"): {DESK, NP, TH, PR},
    ("GET", "client-links/{id}/"): BOOK,
    ("POST", "client-links/{id}/revoke/"): BOOK,
    ("POST", "client-links/{id}/take-over/"): CLINICAL,
    ("POST", "programs/"): BOOK,
    ("GET", "programs/{id}/timeline/"): BOOK | {BI},
    ("POST", "programs/{id}/continue/"): {TH, PR, DI},
    ("POST", "programs/{id}/maintain/"): {TH, PR, DI},
    ("GET", "programs/{id}/measures-due/"): CLINICAL,
    ("GET", "programs/{id}/outcomes/"): CLINICAL,
    ("GET", "locations/"): ALL,
    ("GET", "staff/"): ALL,
    ("GET", "protocols/"): ALL,
    ("GET", "legal-rules/"): ALL,
    ("GET", "obligations/"): ALL,
    ("POST", "sessions/"): BOOK,
    ("POST", "sessions/{id}/reschedule/"): BOOK,
    ("POST", "sessions/{id}/cancel/"): BOOK,
    ("POST", "sessions/{id}/check-in/"): BOOK,
    ("GET", "availability/"): BOOK,
    ("POST", "session-holds/{id}/extend/"): BOOK,
    ("GET", "sessions/{session_id}/readiness/"): BOOK,
    ("GET", "screenings/"): CLINICAL,
    ("GET", "screenings/{id}/"): CLINICAL,
    ("GET", "measures/"): CLINICAL,
    ("GET", "consents/{id}/pdf/"): BOOK,
    ("GET", "consent-documents/"): BOOK,
    ("POST", "consent-documents/"): {DI},
    ("POST", "screenings/{id}/decide/"): {PR},
    ("POST", "safety-alerts/{id}/release/"): {TH, PR},
    ("GET", "lab-results/"): CLINICAL,
    ("POST", "lab-results/"): CLINICAL,
    ("POST", "lab-results/{id}/void/"): CLINICAL,
    ("GET", "safety-plans/"): CLINICAL,
    ("POST", "safety-plans/"): CLINICAL,
    ("POST", "safety-plans/{id}/void/"): CLINICAL,
    ("POST", "sessions/{session_id}/orders/"): {PR},
    ("POST", "sessions/{session_id}/orders/{id}/approve-cap/"): {PR},
    ("POST", "sessions/{session_id}/readings/"): {NP, PR},
    ("POST", "sessions/{session_id}/discharge/"): {NP, PR},
    ("POST", "sessions/{session_id}/administrations/"): {NP, PR},
    ("POST", "drug-lots/"): {NP, PR},
    ("POST", "drug-entries/"): {NP, PR},
    ("GET", "drug-lots/"): {NP, PR, DI},
    ("GET", "drug-entries/"): {NP, PR, DI},
    ("POST", "sessions/{session_id}/adverse-events/"): CLINICAL,
    ("POST", "sessions/{session_id}/adverse-events/{id}/follow-ups/"): CLINICAL,
    ("POST", "sessions/{session_id}/adverse-events/{id}/review/"): {DI},
    ("GET", "sessions/{session_id}/discharge/sheet/"): BOOK,
    ("GET", "sessions/{session_id}/record/"): CLINICAL,
    ("POST", "sessions/{session_id}/record/"): {NP, TH, PR},
    ("POST", "sessions/{session_id}/record/{id}/void/"): {NP, TH, PR},
    ("GET", "notes/"): CLINICAL,
    ("GET", "notes/inbox/"): {NP, TH, PR},
    ("POST", "notes/{id}/cosign/"): {TH, PR},
    ("POST", "notes/{id}/return/"): {TH, PR},
    ("GET", "phrases/"): {NP, TH, PR},
    ("POST", "phrases/"): {NP, TH, PR},
    ("GET", "phrases/{id}/"): {NP, TH, PR},
    ("PATCH", "phrases/{id}/"): {NP, TH, PR},
    ("DELETE", "phrases/{id}/"): {NP, TH, PR},
    ("GET", "orders/"): CLINICAL,
    ("GET", "overrides/"): {PR, DI},
    ("GET", "overrides/{id}/"): {PR, DI},
    ("POST", "overrides/{id}/read/"): {PR, DI},
    ("GET", "decisions/"): {PR, DI},
    ("GET", "reports/integration/"): {DI},
    ("GET", "reports/notes/"): {DI},
    ("GET", "reports/alarms/"): {DI},
    ("GET", "status/"): {AD},
    ("GET", "reports/outcomes/"): {DI},
    ("POST", "obligations/{id}/waive/"): {TH, PR},
    ("GET", "rems-records/"): {NP, PR, DI},
    ("GET", "sessions/{session_id}/rems/"): {NP, PR, DI},
    ("PATCH", "sessions/{session_id}/rems/"): {NP, PR},
    ("POST", "sessions/{session_id}/rems/submit/"): {NP, PR},
    ("GET", "sessions/{session_id}/evidence/"): CLINICAL,
    ("POST", "sessions/{session_id}/evidence/"): {NP, PR, DI},
    ("POST", "charges/"): {BI, DI},
    ("POST", "charges/{id}/confirm/"): {DI},
    ("POST", "payments/"): {BI, DI},
    ("GET", "sessions/{session_id}/proposed-charges/"): {BI, DI},
    ("POST", "sessions/{session_id}/proposed-charges/"): {BI, DI},
    ("GET", "billing-worklist/"): {BI, DI},
    ("POST", "superbills/"): {BI, DI},
    ("POST", "superbills/{id}/void/"): {BI, DI},
    ("POST", "receipts/{id}/void/"): {BI, DI},
    ("GET", "payers/"): {DESK, BI, DI},
    ("POST", "payers/"): {DESK, BI, DI},
    ("PATCH", "payers/{id}/"): {BI, DI},
    ("GET", "coverages/"): {DESK, BI, DI},
    ("POST", "coverages/"): {DESK, BI, DI},
    ("PATCH", "coverages/{id}/"): {DESK, BI, DI},
    ("POST", "coverages/{id}/void/"): {DESK, BI, DI},
    ("GET", "estimates/"): {BI, DI},
    ("GET", "estimates/proposed/"): {BI, DI},
    ("POST", "estimates/"): {BI, DI},
    ("POST", "estimates/{id}/issue/"): {BI, DI},
    ("POST", "estimates/{id}/void/"): {BI, DI},
    ("GET", "estimates/{id}/pdf/"): {BI, DI},
    ("GET", "necessity-letters/"): CLINICAL | {BI},
    ("POST", "necessity-letters/"): CLINICAL | {BI},
    ("PATCH", "necessity-letters/{id}/"): CLINICAL | {BI},
    ("POST", "necessity-letters/{id}/sign/"): CLINICAL,
    ("POST", "necessity-letters/{id}/discard/"): CLINICAL | {BI},
    ("POST", "necessity-letters/{id}/void/"): CLINICAL,
    ("GET", "necessity-letters/{id}/pdf/"): CLINICAL | {BI},
    ("POST", "adjustments/"): {BI, DI},
    ("POST", "sliding-scales/"): {BI, DI},
    ("POST", "fee-agreements/"): {BI, DI},
    ("POST", "statements/"): {BI, DI},
    ("GET", "accounts/"): {BI, DI},
    ("GET", "clients/{id}/account/"): {BI, DI},
    ("GET", "payments/{id}/receipt/"): {BI, DI},
    ("POST", "packages/"): {BI, DI},
    ("PATCH", "packages/{id}/"): {BI, DI},
    ("GET", "package-purchases/"): {BI, DI},
    ("POST", "package-purchases/"): {BI, DI},
    ("POST", "package-purchases/{id}/cancel/"): {BI, DI},
    ("GET", "payment-plans/"): {BI, DI},
    ("POST", "payment-plans/"): {BI, DI},
    ("POST", "payment-plans/{id}/cancel/"): {BI, DI},
    ("GET", "reports/ageing/"): {BI, DI},
    ("GET", "reports/deposits/"): {BI, DI},
    ("GET", "reports/write-offs/"): {BI, DI},
    ("GET", "reports/package-liability/"): {BI, DI},
    ("POST", "superbill-runs/"): {BI, DI},
    ("GET", "superbill-runs/{id}/file/"): {BI, DI},
    ("POST", "superbill-runs/{id}/stop/"): {BI, DI},
    ("POST", "exports/"): {BI, DI},
    ("GET", "exports/{id}/file/"): {BI, DI},
    ("POST", "exports/{id}/stop/"): {BI, DI},
    ("POST", "protocols/"): {DI},
    ("POST", "legal-rules/"): {DI},
    ("POST", "legal-rules/{id}/void/"): {DI},
    ("POST", "protocols/{id}/approve/"): {DI},
    ("POST", "locations/"): {AD},
    ("POST", "rooms/"): {AD},
    ("POST", "staff/"): {AD},
    ("PATCH", "staff/{id}/"): {AD},
    ("GET", "audit-events/"): {AD, DI},
    ("POST", "staff/{id}/clinical-roles/"): {DI},
    ("PUT", "staff/{id}/working-hours/"): {AD},
}


def _page() -> dict[tuple[str, str], list[bool]]:
    """(method, address) -> ticks by role, the last one for nobody signed in."""
    found = {}
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0].startswith("`"):
            found[cells[1], cells[0].strip("`")] = [cell == "✓" for cell in cells[2:]]
    return found


def _ask(client: APIClient, method: str, route: str) -> Any:
    path = re.sub(r"\{\w+\}", str(NOBODY), route)
    return client.generic(method, f"/api/v1/{path}", "{}" if method != "GET" else "", "application/json")


def test_the_page_is_what_the_views_say() -> None:
    call_command("permissions_matrix", "--check", stdout=StringIO())


def test_every_address_answers_every_role_as_the_page_says(cast: Cast) -> None:
    wrong = []
    for column, role in enumerate(ROLES):
        client = APIClient()
        client.force_authenticate(getattr(cast, PERSON[role]))
        for (method, route), ticks in _page().items():
            answer = _ask(client, method, route)
            refused = answer.status_code == 403 and answer.json()["code"] == "not_permitted"
            if refused == ticks[column] or answer.status_code >= 500:
                wrong.append(f"{method} {route} as {role}: {answer.status_code}")
    assert wrong == []


def test_nobody_gets_in_without_signing_in(cast: Cast) -> None:
    wrong = []
    for (method, route), ticks in _page().items():
        answer = _ask(APIClient(), method, route)
        if (answer.status_code == 401 and answer.json()["code"] == "not_authenticated") == ticks[-1]:
            wrong.append(f"{method} {route}: {answer.status_code}")
    assert wrong == []
    public = {route for (_, route), ticks in _page().items() if ticks[-1]}
    assert public == {"auth/login/", "auth/logout/", "calendars/{token}.ics"}


@cache
def _as_they_are() -> dict[tuple[str, str], frozenset[str] | None]:
    return {(entry.method, entry.route): entry.roles for entry in entries()}


@pytest.mark.parametrize(("method", "route"), AGREED, ids=lambda value: value)
def test_the_roles_are_those_that_were_agreed(method: str, route: str) -> None:
    assert _as_they_are()[method, route] == AGREED[method, route]


def test_the_administrator_sees_no_clinical_content_and_no_money() -> None:
    clinical = (
        "sessions/",
        "screenings/",
        "notes/",
        "phrases/",
        "orders/",
        "overrides/",
        "decisions/",
        "reports/",
        "measures/",
        "medications/",
        "alarms/",
        "charges/",
        "payments/",
    )
    open_to_admin = [e.route for e in entries() if e.roles and AD in e.roles and e.route.startswith(clinical)]
    assert open_to_admin == []


class Forgetful:
    """A view that names no roles for one of its actions."""

    public: ClassVar[frozenset[str]] = frozenset()
    roles: ClassVar[dict[str, frozenset[str]]] = {"list": frozenset()}


def test_a_view_that_names_no_roles_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    view = type("view", (), {"cls": Forgetful, "actions": {"get": "list", "post": "create"}})
    monkeypatch.setattr(permissions_matrix, "routes", lambda patterns: iter([("api/v1/forgotten/", view)]))
    with pytest.raises(CommandError, match="Forgetful names no roles for 'create'"):
        call_command("permissions_matrix", stdout=StringIO())


def test_the_check_fails_when_the_page_is_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(permissions_matrix.Command, "render", lambda self: "something else")
    with pytest.raises(CommandError, match=r"docs/permissions.md is not what the code says"):
        call_command("permissions_matrix", "--check", stdout=StringIO())
