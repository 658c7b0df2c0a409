"""What a body leaves open is described in the schema, with an example; a refusal reads aloud."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from django.core.validators import RegexValidator

from kapclinic.core.errors import FieldError, Invalid, NotPermitted, merge
from kapclinic.core.http.messages import PATTERNS, reworded
from kapclinic.core.transitions import Move, apply, require_role
from kapclinic.core.wording import a, once
from kapclinic.local.places import CHECKOUT
from tests import cast as people
from tests.api.test_limits import bodies
from tests.asking import refused
from tests.cast import Cast

SCHEMA: dict[str, Any] = yaml.load((CHECKOUT / "docs/openapi.yaml").read_text(), yaml.CSafeLoader)
SHAPES = {"type", "enum", "oneOf", "anyOf", "allOf", "$ref", "const"}


def is_open(schema: dict[str, Any]) -> bool:
    """Does it take any key, or any value at all?"""
    table = schema.get("type") == "object" and not schema.get("properties")
    free_keys = schema.get("additionalProperties", False) not in (False, None)
    return not SHAPES & set(schema) or table or free_keys


def parts(schema: dict[str, Any], where: str, seen: set[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    name = schema.get("$ref", "").rsplit("/", 1)[-1]
    if name in seen:
        return
    if name:
        seen.add(name)
        schema, where = SCHEMA["components"]["schemas"][name], name
    yield where, schema
    inner = {f"{where}/{key}": one for key, one in schema.get("properties", {}).items()}
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            inner[f"{where}[]"] = schema[key]
    for key in ("oneOf", "anyOf", "allOf"):
        inner |= {f"{where}|{index}": one for index, one in enumerate(schema.get(key, []))}
    for place, one in inner.items():
        yield from parts(one, place, seen)


def sent() -> Iterator[tuple[str, dict[str, Any]]]:
    seen: set[str] = set()
    for path, operations in SCHEMA["paths"].items():
        for method, operation in operations.items():
            for one in operation.get("requestBody", {}).get("content", {}).values():
                yield from parts(one["schema"], f"{method} {path}", seen)


def test_no_body_is_left_open_without_a_description_and_an_example() -> None:
    found = list(sent())
    assert len(found) > 500
    bare = [where for where, one in found if is_open(one) and not one.get("description")]
    assert bare == []
    tables = [(where, one) for where, one in found if is_open(one) and one.get("type") == "object"]
    assert [where for where, one in tables if "example" not in one] == []
    assert len(tables) > 8


def test_the_check_sees_what_is_open() -> None:
    assert is_open({})
    assert is_open({"type": "object"})
    assert is_open({"type": "object", "additionalProperties": {}})
    assert not is_open({"type": "object", "properties": {"a": {}}})
    assert not is_open({"type": "string"})


@pytest.mark.parametrize(
    ("body", "field", "said"),
    [
        ("RecordEntryInRequest", "content", "check_in: mood"),
        ("PatchedSessionPatchRequest", "attestations", "two identifiers"),
        ("ScreeningInRequest", "answers", "`PREG`"),
        ("MeasureInRequest", "answers", "`phq9` 9 to 10"),
    ],
)
def test_the_named_ones_are_described_with_an_example(body: str, field: str, said: str) -> None:
    schema = SCHEMA["components"]["schemas"][body]["properties"][field]
    assert said in schema["description"]
    assert schema["example"]


# --- refusals read aloud ----------------------------------------------------------------------------------------------


def test_a_refusal_names_the_rule_and_not_the_framework(cast: Cast) -> None:
    program = people.opened_program(cast)
    body = {"program": str(program.pk), "answers": {}}
    screening = cast.desk("np").must("screenings/", body)
    cast.desk("np").must(f"screenings/{screening['id']}/submit/")
    path = f"screenings/{screening['id']}/decide/"
    answer = refused(
        cast.desk("prescriber").post(path, {"decision": "perhaps", "rationale": "no"}), 400, "invalid"
    )
    assert [row["detail"] for row in answer["errors"]] == [
        "One of cleared, declined, deferred is expected.",
        "At least 3 characters are expected.",
    ]
    assert answer["detail"] == (
        "decision: One of cleared, declined, deferred is expected. rationale: At least 3 characters are expected."
    )


def test_a_move_that_is_open_to_nobody_says_so() -> None:
    class Nurse:
        role_set = frozenset({"nurse_practitioner"})

    with pytest.raises(NotPermitted, match=r"^A double use here is open to no role.$"):
        require_role(Nurse(), frozenset(), what="A double use here")
    with pytest.raises(NotPermitted, match=r"^Ordering needs the role: prescriber.$"):
        require_role(Nurse(), frozenset({"prescriber"}), what="Ordering")
    with pytest.raises(NotPermitted, match=r"^Ordering needs one of the roles: admin, prescriber.$"):
        require_role(Nurse(), frozenset({"prescriber", "admin"}), what="Ordering")
    moves = {"settle": Move.of({"open"}, "done", set())}
    with pytest.raises(NotPermitted, match=r"^The move 'settle' is open to no role.$"):
        apply(moves, "settle", instance=object(), by=Nurse())


def test_a_sentence_is_said_once() -> None:
    assert once(
        ["The end must be after the start.", "The end must be after the start.", "A reason is missing"]
    ) == ("The end must be after the start. A reason is missing.")
    twice = [FieldError("/a", "x", "It is over."), FieldError("/b", "x", "It is over.")]
    with pytest.raises(Invalid) as caught:
        merge(twice)
    assert (caught.value.detail, len(caught.value.errors)) == ("It is over.", 2)


def test_a_double_use_where_nobody_may_reads_well(cast: Cast) -> None:
    program, start = people.opened_program(cast), "2026-05-05T15:00:00Z"
    body = {
        "program": str(program.pk),
        "kind": "preparation",
        "modality": "video",
        "starts_at": start,
        "ends_at": "2026-05-05T16:00:00Z",
        "staff": [{"user": str(cast.therapist.pk), "role": "therapist"}],
        "override": ["staff"],
        "override_reason": "Both agreed",
    }
    answer = refused(cast.desk("frontdesk").post("sessions/", body), 403, "not_permitted")
    assert answer["detail"] == "A double use here is open to no role."


def test_a_note_of_another_kind_reads_well(cast: Cast) -> None:
    session = people.one_of_each_kind(cast)["integration"]
    body = {"session": str(session.pk), "kind": "preparation", "frame": "free", "sections": {"a": "b"}}
    answer = cast.desk("therapist").must("notes/", body, status=400)
    assert answer["detail"] == "This is an integration session."


@pytest.mark.parametrize(
    ("noun", "said"),
    [("integration", "an integration"), ("dosing", "a dosing"), ("admin", "an admin"), ("nurse", "a nurse")],
)
def test_an_article_fits(noun: str, said: str) -> None:
    assert a(noun) == said


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("Ensure this field has at least 3 characters.", "At least 3 characters are expected."),
        ("Ensure this field has no more than 300 characters.", "At most 300 characters are expected."),
        ("Ensure this value is less than or equal to 12.", "12 or less is expected."),
        ("Ensure this value is greater than or equal to 0.01.", "0.01 or more is expected."),
        ("This field may not be null.", "This can't be null."),
        ("Must be a valid UUID.", "An id (UUID) is expected."),
        ('"x" is not a valid choice.', "This is none of the values that the schema names."),
        ("A dose above 0 mg is expected.", "A dose above 0 mg is expected."),
    ],
)
def test_the_frameworks_sentences_are_said_in_our_words(theirs: str, ours: str) -> None:
    assert reworded(theirs) == ours


def test_every_pattern_of_a_body_is_said_in_words() -> None:
    silent = set()
    for body in bodies():
        for name, field in body().fields.items():
            for check in getattr(getattr(field, "child", field), "validators", ()):
                if isinstance(check, RegexValidator) and check.message not in PATTERNS.values():
                    silent.add((body.__name__, name, str(getattr(check.regex, "pattern", ""))))
    assert silent == set()
