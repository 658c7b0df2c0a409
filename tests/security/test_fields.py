"""Which fields of a client's record each role is told, over every read of the live schema that shows the record.

`docs/fields.tsv` holds them as they are; `KAP_WRITE_FIELDS=1 make test ARGS="tests/security/test_fields.py"` writes it
again. What it may never say is judged apart, by words written down by hand.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from kapclinic.local.places import CHECKOUT
from kapclinic.trail.management.commands.permissions_matrix import ROLES
from programs.models import Program
from sessions.booking.models import Session
from tests import cast as people
from tests.asking import done, sql
from tests.bench.trip import WHY, leaders
from tests.cast import MONDAY, PERSON, Cast
from tests.security.bodies import Writer, operations
from tests.security.test_matrix import NOBODY, _ids, _north, _path
from tests.sessions.files import test_attachments as attachments
from tests.sessions.imports import lists

PAGE = CHECKOUT / "docs/fields.tsv"
HEAD = "operation\tfield\troles"
RECORD = re.compile(
    r"(notes|psychotherapy-notes|phrases|consents|consent-documents|measures|lab-results|client-links|changes|disclosures"
    r"|amendment-requests|record-exports|practice-exports|imports|legal-holds|reports|decisions)/"
    r"|programs/(\{id\}/)?(timeline/|outcomes/|measures-due/)?$|clients/\{\w+\}/(access-log|attachments)/"
)
CHANGED = ("client", "program", "session", "note", "consent", "clearance", "screening")
SECRET, DRAFT = "told in confidence alone", "half a thought of a draft"
GOALS = {
    "goals": "Sleep through",
    "pathway": {
        "goals": "Sleep",
        "preference": "Talking",
        "past_experience": "None",
        "readiness": "Ready",
        "reasons": "Asked",
    },
}
NOTHING: tuple[Any, ...] = (None, "", [], {})
NOBODY_YET = "-"  # is told anything there by this clinic
KEY = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")

# R13, by hand. What is clinical wherever it stands in these answers; of a course the front desk plans with the rest.
CLINICAL = {
    *("sections", "signed_as", "addenda", "returns", "answers", "item_alert", "total", "band", "flags"),
    *(
        "threshold",
        "baseline",
        "points",
        "response",
        "remission",
        "worsening",
        "change",
        "peaks",
        "worst_event",
    ),
    *(
        "given_mg",
        "readings",
        "alarms",
        "findings",
        "result",
        "value",
        "goals",
        "pathway",
        "past_experience",
        "readiness",
    ),
    *(
        "pathway_reason",
        "plan_reason",
        "preference",
        "overrides",
        "screenings",
        "clearances",
        "adverse_events",
    ),
}
NOT_CLINICAL = {"front_desk", "billing"}
DIAGNOSIS = {"diagnosis", "diagnoses"}  # billing's, and not the front desk's


def _lived(cast: Cast) -> tuple[dict[str, str], dict[str, str]]:
    """One client who has been through everything, with a private note and a draft of the therapist's."""
    known = _north(cast)
    course = Session.objects.get(pk=known["session"]).program
    past = people.completed_session(cast, course, starts_at=MONDAY - timedelta(days=6))
    cast.desk("therapist").must("psychotherapy-notes/", {"session": str(past.pk), "text": SECRET})
    draft = {"session": str(past.pk), "kind": "preparation", "frame": "free", "sections": {"text": DRAFT}}
    cast.desk("therapist").must("notes/", draft)
    assert cast.desk("therapist").patch(f"programs/{course.pk}/", GOALS).status_code == 200
    filed, brought = _of_hand(cast, course)
    ids = _ids(cast, known) | {"imports/": brought["id"], "clients/{id}/attachments/": filed["id"]}
    return known, ids


def _of_hand(cast: Cast, course: Program) -> tuple[dict[str, Any], dict[str, Any]]:
    """What no body of the schema makes: a scale and a test with what they say, a link, a phrase, a file, a list."""
    therapist, program, client = cast.desk("therapist"), str(course.pk), str(course.client_id)
    taken = {"taken_at": MONDAY.isoformat()}
    scale = {"program": program, "instrument": "gad7", "answers": [1] * 7, "administered_by": "Therapist"}
    therapist.must("measures/", scale | taken)
    liver = {"client": client, "kind": "liver", "result": "abnormal", "value": "112.5", "unit": "U/L"}
    cast.desk("np").must("lab-results/", liver | taken)
    asks = {"client": client, "purpose": "measure", "subject": {"program": program, "instrument": "phq9"}}
    therapist.must("client-links/", asks)
    therapist.must("phrases/", {"name": "calm", "text": "Was calm throughout."})
    filed = done(attachments.send(cast, course.client), 201)
    return filed, done(lists.send(cast, "clients", lists.table([lists.person(cast)])), 202)


def _asked(known: dict[str, str], ids: dict[str, str]) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Each read of the record: its name here, its path and its parameters."""
    writer = Writer(known, "x", MONDAY.isoformat())
    for operation in operations():
        if (
            not operation.is_read
            or not RECORD.match(operation.route)
            or operation.route.endswith(("pdf/", "file/"))
        ):
            continue
        path = _path(operation, known, ids)
        query = writer.query(operation)
        if operation.route != "changes/":
            yield operation.route, path, query
            continue
        rows = {"client": known["client"], "program": known["program"], "session": known["session"]}
        rows |= {"note": ids.get("notes/", NOBODY), "consent": ids.get("consents/", NOBODY)}
        rows |= {kind: ids.get(f"{kind}s/", NOBODY) for kind in ("clearance", "screening")}
        for kind in CHANGED:
            yield f"changes/ {kind}", path, {"object_type": kind, "object_id": rows[kind]}


def _paths(value: Any, before: str = "") -> Iterator[tuple[str, bool]]:
    """The dotted path of each field of an answer, and whether it tells anything; a list adds none to the path."""
    if isinstance(value, list):
        for one in value:
            yield from _paths(one, before)
    elif isinstance(value, Mapping):
        for key, one in value.items():
            name = f"{before}.{'*' if KEY.fullmatch(key) else key}".lstrip(".")
            yield name, one not in NOTHING and not _is_empty(one)
            yield from _paths(one, name)
            if (before, key) == ("results", "field"):  # of a change: that of the row
                yield f"{name}.{one}", True


def _is_empty(value: Any) -> bool:
    return isinstance(value, Mapping) and all(one in NOTHING for one in value.values())


def test_each_role_is_told_these_fields_and_never_those(cast: Cast) -> None:
    known, ids = _lived(cast)
    of_all = dict(zip(("admin", "medical_director"), leaders(), strict=True))  # of every location
    ids["practice-exports/"] = done(of_all["admin"].post("practice-exports/", {"reason": WHY}), 202)["id"]
    told: dict[tuple[str, str], set[str]] = {}
    leaked, answered = [], set()
    for name, path, query in _asked(known, ids):
        for role in ROLES:
            who = PERSON[role]
            whole = of_all if name.startswith("practice-exports/") else {}
            answer = whole.get(role, cast.desk(who)).get(path, **query)
            assert answer.status_code in {200, 403, 404}, (name, role, answer.content)
            text = answer.content.decode()
            if who != "therapist" and (SECRET in text or DRAFT in text):
                leaked.append((name, role, "somebody else's words"))
            if answer.status_code != 200:
                continue
            answered.add(name)
            for field, tells in _paths(answer.json()):
                told.setdefault((name, field), set()).update([role] if tells else [])
    lines = [
        f"{name}\t{field}\t{' '.join(role for role in ROLES if role in who) or NOBODY_YET}"
        for (name, field), who in sorted(told.items())
    ]
    page = "\n".join([HEAD, *lines]) + "\n"
    if os.environ.get("KAP_WRITE_FIELDS"):
        PAGE.write_text(page)
    said = set(PAGE.read_text().splitlines())
    assert said ^ set(page.splitlines()) == set()
    for (name, field), who in told.items():
        parts = set(field.split("."))
        hidden = parts & CLINICAL and who & NOT_CLINICAL
        if hidden or (parts & DIAGNOSIS and "front_desk" in who):
            leaked.append((name, field, sorted(who & NOT_CLINICAL)))
    assert leaked == []
    own = cast.desk("therapist")
    assert SECRET in own.get(_found(cast, "psychotherapy-notes/", SECRET)).content.decode()
    assert {
        name for name, _, _ in _asked(known, ids)
    } - answered == set()  # somebody is told something by each


def _found(cast: Cast, route: str, words: str) -> str:
    for (key,) in sql("SELECT id FROM clinic_sessions_psychotherapynote"):
        if words in cast.desk("therapist").get(f"{route}{key}/").content.decode():
            return f"{route}{key}/"
    raise LookupError(words)
