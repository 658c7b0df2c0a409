"""The clinic's own words of what clients sign: by language, from their first day on, and on paper."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pypdf
import pytest
from django.db import DatabaseError, connection, transaction

from kapclinic.core import clock
from kapclinic.trail.models import AuditEvent
from programs.models import Program
from screening import selectors
from screening.models import Consent, ConsentDocument
from screening.rules.reading import Span, blocks
from sessions.booking.models import Session
from tests import cast as people
from tests.asking import pointers
from tests.cast import MONDAY, Cast
from tests.screening.drawing import png, signature, url

SPANISH = """# Consentimiento para el tratamiento

> Texto de la clínica.

Entiendo que la ketamina se usa aquí fuera de sus indicaciones, y que puedo
decir que no en todo momento.

- No conduzco hasta el día siguiente.
- Vengo con una persona adulta.

## Su firma

Al firmar digo que he leído este documento, o que me lo han leído, y que estoy de acuerdo.
"""
BODY = {
    "document": "kap_treatment",
    "language": "es",
    "version": "2026-1",
    "effective_on": "2026-05-04",
    "text": SPANISH,
}
MARKED = """# What **you** agree to
Your *own* words, and $x$ #let y = 1 [here](https://clinic.test) `code` <b>.

> **Template.**
> Ask us.
What matters is **off-label
use**, and ** alone.

## In short
Before:
- **no** food
  for four hours
* no drink
Then we begin.
### Last
>
**#**"""
READ = [
    ("h2", [["What ", "you", " agree to"]]),
    ("p", [["Your *own* words, and $x$ #let y = 1 [here](https://clinic.test) `code` <b>."]]),
    ("quote", [["", "Template.", " Ask us. What matters is ", "off-label use", ", and ** alone."]]),
    ("h3", [["In short"]]),
    ("p", [["Before:"]]),
    ("list", [["", "no", " food for four hours"], ["no drink Then we begin."]]),
    ("h3", [["Last"]]),
    ("quote", [["", "#", ""]]),
]
SIGNED = {"signer_name": "Robin Vale", "method": "typed"}


def words(cast: Cast, **values: Any) -> dict[str, Any]:
    found: dict[str, Any] = cast.desk("director").must("consent-documents/", BODY | values)
    return found


def put(
    cast: Cast, program: Program, language: str = "en", document: str = "kap_treatment"
) -> dict[str, Any]:
    body = {"program": str(program.pk), "document": document, "language": language}
    found: dict[str, Any] = cast.desk("frontdesk").must("consents/", body)
    return found


def sign(cast: Cast, consent: dict[str, Any], **values: Any) -> dict[str, Any]:
    found: dict[str, Any] = cast.desk("frontdesk").must(f"consents/{consent['id']}/sign/", SIGNED | values)
    return found


def stands(program: Program, at: datetime = MONDAY) -> bool:
    return selectors.active_consent(program_id=program.pk, document="kap_treatment", at=at) is not None


def test_a_client_signs_in_spanish_what_the_director_wrote(cast: Cast, program: Program) -> None:
    refused = cast.desk("frontdesk").post(
        "consents/", {"program": str(program.pk), "document": "kap_treatment", "language": "es"}
    )
    assert (refused.status_code, pointers(refused)) == (400, {"/language"})
    assert refused.json()["errors"][0]["code"] == "no_text"
    got = words(cast)
    sha256 = hashlib.sha256(got["text"].encode()).hexdigest()
    assert (got["content_hash"], got["shipped"], got["version"]) == (sha256, False, "2026-1")
    consent = put(cast, program, "es")
    assert (consent["text"], consent["document_version"]) == (got["text"], "2026-1")
    assert not stands(program)
    sign(cast, consent)
    assert stands(program)
    listed = cast.desk("frontdesk").get("consent-documents/?document=kap_treatment").json()["results"]
    assert [(row["language"], row["version"], row["shipped"]) for row in listed] == [
        ("en", "1", True),
        ("es", "2026-1", False),
    ]


def test_a_newer_text_asks_for_a_new_signature_from_its_first_day_in_its_language(
    cast: Cast, program: Program
) -> None:
    words(cast)
    sign(cast, put(cast, program, "es"))
    draft = put(cast, program)
    words(cast, language="en", effective_on="2026-05-10", version="2")  # English alone
    assert stands(program, datetime(2026, 5, 20, 12, tzinfo=UTC))
    words(cast, version="2026-2", effective_on="2026-05-12")
    midnight = datetime(2026, 5, 12, 6, tzinfo=UTC)  # in Denver
    assert stands(program, midnight - timedelta(minutes=1))
    assert not stands(program, midnight)
    with clock.fixed(midnight):
        late = cast.desk("frontdesk").post(f"consents/{draft['id']}/sign/", SIGNED)
        assert (late.status_code, late.json()["code"]) == (409, "outdated_document")
        assert Consent.objects.get(pk=draft["id"]).status == "draft"
        again = put(cast, program)
        assert again["document_version"] == "2"
        sign(cast, again)
    assert stands(program, midnight)


def told(
    cast: Cast, document: str = "kap_treatment", who: str = "director"
) -> list[tuple[str, str, int, int]]:
    rows = cast.desk(who).get(f"consent-documents/?document={document}").json()["results"]
    return [(row["language"], row["version"], row["signed"], row["standing"]) for row in rows]


def test_a_newer_text_says_whose_signature_it_ends(
    cast: Cast, program: Program, another_program: Callable[..., Program]
) -> None:
    sign(cast, put(cast, program))
    assert told(cast) == [("en", "1", 1, 0)]
    newer = words(cast, language="en", version="2", effective_on="2026-05-10")
    assert (newer["signed"], newer["standing"]) == (0, 1)
    assert words(cast)["standing"] == 0  # in Spanish nobody has signed
    others = [another_program() for _ in range(4)]
    signed = [
        sign(cast, put(cast, other, language))
        for other, language in zip(others, ["en", "en", "es", "en"], strict=True)
    ]
    put(cast, program, "es")  # a draft is no signature
    assert told(cast) == [("en", "1", 4, 0), ("en", "2", 0, 4), ("es", "2026-1", 1, 0)]
    cast.desk("frontdesk").must(f"consents/{signed[0]['id']}/revoke/", {"reason": "Changed her mind."})
    cast.desk("therapist").must(f"programs/{others[1].pk}/discontinue/", {"reason": "Moved away."})
    assert told(cast) == [("en", "1", 2, 0), ("en", "2", 0, 2), ("es", "2026-1", 1, 0)]
    assert told(cast, "privacy") == [("en", "1", 0, 0)]
    assert told(cast, who="south_frontdesk") == [("en", "1", 0, 0), ("en", "2", 0, 0), ("es", "2026-1", 0, 0)]
    with clock.fixed(datetime(2026, 5, 11, 18, tzinfo=UTC)):
        sign(cast, put(cast, program))
        assert told(cast) == [("en", "1", 1, 0), ("en", "2", 1, 1), ("es", "2026-1", 1, 0)]
    with clock.fixed(MONDAY + timedelta(days=366)):  # too old to count
        assert told(cast) == [("en", "1", 0, 0), ("en", "2", 1, 0), ("es", "2026-1", 0, 0)]


def test_the_last_of_one_day_is_the_one_in_force(cast: Cast, program: Program) -> None:
    words(cast, version="a")
    first = put(cast, program, "es")
    sign(cast, first)
    with clock.fixed(MONDAY + timedelta(hours=1)):
        words(cast, version="b")
        assert put(cast, program, "es")["document_version"] == "b"
    assert not stands(program, MONDAY + timedelta(hours=2))


def test_a_dose_and_its_board_hear_of_a_newer_text(cast: Cast) -> None:
    session = people.ready_dose(cast)
    path = f"sessions/{session.pk}/readiness/"
    assert cast.desk("np").get(path).json()["ready"] is True
    board = f"day-board/?location={cast.north.pk}&date=2026-05-04"
    before = cast.desk("np").get(board)["ETag"]
    words(cast, language="en", version="2")
    shown = cast.desk("np").get(path).json()
    assert [row["code"] for row in shown["gates"] if row["state"] == "open"] == ["consent"]
    assert cast.desk("np").get(board)["ETag"] != before
    banner = cast.desk("np").get(f"clients/{session.client_id}/banner/").json()
    assert banner["consent"]["state"] == "lapsed"
    sign(cast, put(cast, session.program))
    assert cast.desk("np").get(path).json()["ready"] is True


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"document": "loyalty"}, "/document"),
        ({"language": "fr"}, "/language"),
        ({"version": "two words"}, "/version"),
        ({"version": "1", "language": "en"}, "/version"),  # ships
        ({"effective_on": "2026-05-03"}, "/effective_on"),
        ({"effective_on": "soon"}, "/effective_on"),
        ({"text": "Sign here."}, "/text"),
        ({"shipped": True}, "/shipped"),
    ],
)
def test_words_that_can_not_be_put_before_a_client_are_refused(
    cast: Cast, values: dict[str, Any], pointer: str
) -> None:
    answer = cast.desk("director").post("consent-documents/", BODY | values)
    assert (answer.status_code, pointers(answer)) == (400, {pointer})
    assert not ConsentDocument.objects.exists()


def test_a_version_is_written_once_and_never_changed(cast: Cast) -> None:
    words(cast)
    again = cast.desk("director").post("consent-documents/", BODY | {"text": SPANISH + SPANISH})
    assert (again.status_code, pointers(again)) == (400, {"/version"})
    for statement in (
        "UPDATE screening_consentdocument SET text = text || '.'",
        "DELETE FROM screening_consentdocument",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.mark.parametrize("who", ["frontdesk", "np", "therapist", "prescriber", "billing", "admin"])
def test_only_the_director_writes_them(cast: Cast, who: str) -> None:
    assert cast.desk(who).post("consent-documents/", BODY).status_code == 403
    assert not ConsentDocument.objects.exists()
    assert cast.desk(who).get("consent-documents/").status_code == (
        403 if who in {"billing", "admin"} else 200
    )


def test_the_authorization_for_psychotherapy_notes_stands_alone_and_holds_no_dose(cast: Cast) -> None:
    session = people.ready_dose(cast)
    consent = put(cast, session.program, document="psychotherapy_notes")
    assert "stands alone" in consent["text"]
    assert cast.desk("np").get(f"sessions/{session.pk}/readiness/").json()["ready"] is True
    sign(cast, consent, signer_relationship="proxy")
    kept = cast.desk("frontdesk").get("consents/?document=psychotherapy_notes").json()["results"]
    assert [(row["document"], row["signer_relationship"]) for row in kept] == [
        ("psychotherapy_notes", "proxy")
    ]
    assert not selectors.active_consent(program_id=session.program_id, document="release", at=MONDAY)


def test_who_signs_for_the_client_is_kept(cast: Cast, program: Program) -> None:
    consent = put(cast, program)
    path = f"consents/{consent['id']}/sign/"
    refused = cast.desk("frontdesk").post(path, SIGNED | {"signer_relationship": "neighbor"})
    assert (refused.status_code, pointers(refused)) == (400, {"/signer_relationship"})
    assert Consent.objects.get().status == "draft"
    assert sign(cast, consent, signer_relationship="guardian")["signer_relationship"] == "guardian"
    assert sign(cast, put(cast, program))["signer_relationship"] == "self"
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE screening_consent SET signer_relationship = 'self' WHERE status = 'signed'")
    draft = put(cast, program)["id"]
    with (
        pytest.raises(DatabaseError, match="consent_relationship"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "UPDATE screening_consent SET status = 'signed', signed_at = now(), method = 'typed',"
            " signer_name = 'Robin', collected_by_id = %s WHERE id = %s",
            [cast.np.pk, draft],
        )


# --- on paper -------------------------------------------------------------------------------------------------------


def paper(cast: Cast, consent: dict[str, Any], who: str = "frontdesk") -> Any:
    return cast.desk(who).get(f"consents/{consent['id']}/pdf/")


def read(answer: Any) -> tuple[pypdf.PdfReader, str]:
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf"), answer.content
    reader = pypdf.PdfReader(io.BytesIO(answer.content))
    return reader, " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def is_readable_aloud(reader: pypdf.PdfReader) -> bool:
    """Does it declare PDF/UA-1, with a tree of tags?"""
    told = reader.trailer["/Root"]["/Metadata"].get_object().get_data()
    return b"pdfuaid:part" in told and "/StructTreeRoot" in reader.trailer["/Root"]


def test_a_consent_is_printed_with_its_words_and_its_signature(cast: Cast, program: Program) -> None:
    words(cast)
    consent = put(cast, program, "es")
    reader, text = read(paper(cast, consent))
    assert is_readable_aloud(reader)
    assert "Sin firmar." in text
    sign(cast, consent, method="drawn", signature=signature(), signer_relationship="guardian")
    answer = paper(cast, consent)
    reader, text = read(answer)
    assert is_readable_aloud(reader)
    assert reader.trailer["/Root"]["/Lang"] == "es"
    for said in (
        "Consentimiento para el tratamiento",
        "fuera de sus indicaciones, y que puedo decir",
        "No conduzco",
    ):
        assert said in text
    for said in ("Robin Vale", "tutor legal", "firma dibujada", "2026-05-04 09:00 MDT", "2026-1"):
        assert said in text
    assert [len(page.images) for page in reader.pages].count(1) == 1
    assert consent["content_hash"] in text.replace(" ", "")
    assert paper(cast, consent).content == answer.content  # the same bytes
    assert program.client.legal_last_name not in answer["Content-Disposition"]
    cast.desk("frontdesk").must(f"consents/{consent['id']}/revoke/", {"reason": "Changed her mind."})
    assert "Retirado el 2026-05-04" in read(paper(cast, consent))[1]
    assert AuditEvent.objects.filter(action="consent.pdf", clients=[program.client_id]).count() == 4


def test_what_is_marked_is_set_as_such_and_all_else_is_text(cast: Cast, program: Program) -> None:
    words(cast, text=MARKED)
    reader, text = read(paper(cast, put(cast, program, "es")))
    assert is_readable_aloud(reader)
    for said in ("What you agree to", "off-label use, and ** alone.", "• no food for four hours", "#"):
        assert said in text
    assert "Your *own* words, and $x$ #let y = 1 [here](https://clinic.test) `code` <b>." in text
    assert text.count("**") == 1
    loud = _set_in(reader, "Bold")
    assert all(said in loud for said in ("you", "Template.", "off-label use"))
    assert "agree" in loud  # a heading is bold too
    assert not any(said in loud for said in ("Ask us", "food", "Before"))
    assert {"/H1", "/H2", "/L", "/LI", "/BlockQuote", "/Strong"} <= _tags(reader)


def _set_in(reader: pypdf.PdfReader, weight: str) -> str:
    found: list[str] = []

    def see(text: str, _cm: Any, _tm: Any, font: Any, _size: Any) -> None:
        if font and weight in font["/BaseFont"]:
            found.append(text)

    for page in reader.pages:
        page.extract_text(visitor_text=see)
    return " ".join("".join(found).split())


def _tags(reader: pypdf.PdfReader) -> set[str]:
    waiting, found = [reader.trailer["/Root"]["/StructTreeRoot"]], set[str]()
    while waiting:
        node = waiting.pop().get_object()
        if isinstance(node, list):
            waiting += node
        elif isinstance(node, dict):
            found.add(str(node.get("/S", "")))
            waiting += [node["/K"]] if "/K" in node else []
    return found


def test_a_text_without_a_title_is_readable_aloud_too(cast: Cast, program: Program) -> None:
    words(cast, text=MARKED.replace("# What", "## What"))
    plain = "You agree to what we told you, and may say no at any time. " * 3
    words(cast, language="en", version="2", text=plain)
    for language in ("es", "en"):
        reader, _ = read(paper(cast, put(cast, program, language)))
        assert is_readable_aloud(reader)
        assert "/H1" in _tags(reader)


def test_the_page_the_tablet_and_the_paper_read_the_same_marks() -> None:
    def parts(spans: tuple[Span, ...]) -> list[str]:
        """`[plain, loud, plain, …]`"""
        found = [""]
        for span in spans:
            if span.strong != (len(found) % 2 == 0):
                found.append("")
            found[-1] += span.text
        return found if len(found) % 2 else [*found, ""]

    assert [(block.kind, [parts(row) for row in block.rows]) for block in blocks(MARKED)] == READ
    if (node := shutil.which("node")) is None:
        pytest.skip("needs Node for the tablet's own reading")
    module = Path(__file__).parents[2] / "kapclinic/ui/static/ui/js/sign/reading.js"
    script = f"""const {{ blocksOf, spansOf }} = await import("{module}");
    const text = JSON.parse(process.argv[1]);
    console.log(JSON.stringify(blocksOf(text).map((one) => [one.kind, one.rows.map(spansOf)])));"""
    command = [node, "--input-type=module", "-e", script, json.dumps(MARKED)]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout
    assert [(kind, rows) for kind, rows in json.loads(said)] == READ


@pytest.mark.parametrize("document", ["kap_treatment", "psychotherapy_notes", "telehealth"])
def test_what_ships_is_printed_in_english(cast: Cast, program: Program, document: str) -> None:
    consent = put(cast, program, document=document)
    sign(cast, consent)
    reader, text = read(paper(cast, consent))
    assert is_readable_aloud(reader)
    for said in ("name typed", "the client", "Robin Vale"):
        assert said in text


def test_a_drawing_that_can_not_be_printed_keeps_no_paper_back(cast: Cast, program: Program) -> None:
    without_colours = url(png([[b"\x00", b"\x01"], [b"\x01", b"\x00"]], colour=3))
    consent = sign(cast, put(cast, program), method="drawn", signature=without_colours)
    _, text = read(paper(cast, consent))
    assert "is kept, but can't be printed" in text.replace("’", "'")
    assert "Robin Vale" in text


def test_a_paper_is_for_those_who_may_read_the_consent(cast: Cast, program: Program) -> None:
    consent = sign(cast, put(cast, program))
    for who, status in (("billing", 403), ("admin", 403), ("south_frontdesk", 404), ("therapist", 200)):
        assert paper(cast, consent, who).status_code == status


# --- a session by video ---------------------------------------------------------------------------------------------


def checked_in(cast: Cast, session: Session) -> list[str]:
    with clock.fixed(session.starts_at):
        found: list[str] = cast.desk("frontdesk").must(f"sessions/{session.pk}/check-in/", {})["warnings"]
    return found


def test_a_session_by_video_without_a_telehealth_consent_warns_at_check_in(
    cast: Cast, program: Program
) -> None:
    first, second, third = (
        people.booked(cast, program, "preparation", MONDAY + timedelta(days=n), modality=modality)
        for n, modality in ((1, "video"), (2, "video"), (3, "in_person"))
    )
    assert checked_in(cast, first) == ["no_telehealth_consent"]
    with clock.fixed(MONDAY + timedelta(days=1, hours=1)):
        sign(cast, put(cast, program, document="telehealth"))
    assert checked_in(cast, second) == []
    assert checked_in(cast, third) == []
