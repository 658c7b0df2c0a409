"""The PDF itself: what it says, what it must not say, and that it is always the same bytes."""

from __future__ import annotations

import io
import json
from datetime import timedelta

import pypdf
import pytest

from billing.documents import rendering, rules
from billing.models import DocumentCounter, Superbill
from kapclinic.practice import services as practice
from kapclinic.trail.models import AuditEvent
from tests.asking import done, refused
from tests.billing.till import NAMELESS, NDC, NOW, SERVED, Till
from tests.cast import ADDRESS, signed_stock_dose

SKY = {"legal_first_name": "Josephine", "legal_last_name": "Núñez-Åkerström", "chosen_name": "Sky"}
HEAD = "Date POS Code Mod. Dx Units Service Prov. Charge Paid Balance"


def fetch(till: Till, answer, kind="superbills", **headers):
    return till.desk.client.get(f"/api/v1/{kind}/{answer['id']}/pdf/", headers=headers)


def pages(content: bytes) -> list[str]:
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages]


def test_the_superbill_holds_all_that_a_payer_asks_for(till, cast):
    session = signed_stock_dose(cast, "intramuscular", starts_at=SERVED)
    till.course = session.program
    till.rename(**SKY, address=ADDRESS | {"line1": "9 Aspen Way"})
    therapy = till.charge(
        session, code="90837", amount="1220.10", modifiers=["HO"], diagnoses=["F33.2", "F43.10"]
    )
    till.charge(session, code="J3490", amount="95.00", **NDC)
    till.pay("1220.10", (therapy, "1220.10"), method="hsa_card", reference="ending 4242")
    text = "\n".join(pages(fetch(till, done(till.superbill(), 201)).content))
    for words in (
        "Superbill", "2026-000001", "issued 05/20/2026", "05/01/2026 to 05/31/2026",
        "North Clinic PLLC", "1 Example Street", "Denver, CO 80202", "303-555-0100", "EIN: 12-3456789", "NPI: 1457398620",
        "Josephine Núñez-Åkerström", "03/02/1985", "9 Aspen Way",
        "Therapist, LCSW", "1234567893", "L-1 (CO)", "Prescriber, MD", "1999999992",
        "F33.2", "F43.10", "05/18/2026", "90837", "HO", "A B", "$1220.10", "J3490", "NDC 00409205310 ML1.5", "$95.00",
        "ketamine, 40 mg, intramuscular", "Therapist, signed 05/18/2026", "Prescriber, signed 05/18/2026", "Total $1315.10 $1220.10 $95.00",
        "HSA card", "ending 4242", "Charges $1315.10", "Paid by the client $1220.10", "Balance $95.00", "PAID IN PART",
        "Reimburse: the client", "This is not a bill", "no guarantee of reimbursement", "American Medical Association",
        "page 1 of 1",
    ):  # fmt: skip
        assert words in text, words


def test_the_legal_name_is_printed_and_the_chosen_name_never(till):
    charge = till.charge()
    till.rename(**SKY)
    till.pay("200.00", (charge, "200.00"))
    for kind, made in (("superbills", till.superbill()), ("receipts", till.receipt())):
        text = "\n".join(pages(fetch(till, done(made, 201), kind).content))
        assert "Josephine Núñez-Åkerström" in text
        assert "Sky" not in text


def test_the_receipt_tells_no_diagnosis_no_code_and_no_birth_date(till):
    charge = till.charge(code="90837")
    till.pay("200.00", (charge, "200.00"), method="fsa_card")
    text = "\n".join(pages(fetch(till, done(till.receipt(), 201), "receipts").content))
    for words in (
        "R-2026-000001",
        "05/18/2026",
        "therapy, about 60 minutes",
        "$200.00",
        "FSA card",
        "PAID IN FULL",
    ):
        assert words in text, words
    for words in ("F33", "90837", "03/02/1985", "Diagnos"):
        assert words not in text, words


def test_without_an_ein_nothing_is_printed_in_its_place(till, cast):
    practice.save_location(location=cast.north, values=NAMELESS, by=cast.admin, at=NOW)
    till.charge()
    text = "\n".join(pages(fetch(till, done(till.superbill(), 201)).content))
    assert "EIN" not in text
    assert "TIN" not in text
    assert "NOT PAID" in text


def test_sixty_lines_run_over_pages_that_repeat_the_head_and_count_themselves(till):
    for _ in range(60):
        till.charge(amount="10.01")
    answer = done(till.superbill(from_date="2026-01-01"), 201)
    assert answer["totals"]["charges"] == "600.60"
    told = pages(fetch(till, answer).content)
    assert len(told) == 3
    for number, text in enumerate(told, start=1):
        assert f"page {number} of 3" in text
        assert ("$10.01 $0.00 $10.01" in text) == (HEAD in text)
    assert sum(HEAD in text for text in told) >= 2
    assert sum(text.count("$10.01 $0.00 $10.01") for text in told) == 60


def test_the_same_content_gives_the_same_bytes(till):
    till.charge()
    row = Superbill.objects.get(pk=done(till.superbill(), 201)["id"])
    again, complete = rendering.render_pdf(
        template=rules.SUPERBILL.template, content=row.content, at=row.created_at
    )
    assert complete
    assert again == bytes(row.pdf)
    later, _ = rendering.render_pdf(
        template=rules.SUPERBILL.template, content=row.content, at=row.created_at + timedelta(seconds=1)
    )
    assert later != bytes(row.pdf)


@pytest.mark.parametrize(
    "name",
    [
        '#read("/etc/passwd")',
        "$x^2$ *bold* _it_",
        "#{1+1} @ref <label>",
        '\\ // /* ] ) "quote',
        "= Heading #pagebreak()",
    ],
)
def test_a_name_stays_text_whatever_it_looks_like(till, name):
    till.rename(legal_first_name=name)
    till.charge()
    told = pages(fetch(till, done(till.superbill(), 201)).content)
    assert len(told) == 1
    assert name in told[0].replace("“", '"').replace("”", '"')
    assert "root:" not in told[0]


@pytest.mark.parametrize("name", ["Zoë", "Łukasz", "Дмитрий", "Nguyễn", "Ελένη"])
def test_names_of_many_alphabets_are_printed(till, name):
    till.rename(legal_first_name=name)
    till.charge()
    answer = done(till.superbill(), 201)
    assert "name_not_printable" not in {w["code"] for w in answer["warnings"]}
    assert name in pages(fetch(till, answer).content)[0]


def test_a_name_that_our_fonts_lack_is_refused_and_takes_no_number(till):
    charge = till.charge()
    till.pay("200.00", (charge, "200.00"))
    till.rename(legal_first_name="李明")
    for paper in (till.superbill, till.receipt, lambda: till.superbill(client=str(till.client.pk))):
        told = refused(paper(), 409, "name_not_printable")
        assert "李" not in json.dumps(told, ensure_ascii=False)
    refused(till.desk.post("superbills/?preview=true", till.period()), 409, "name_not_printable")
    assert not DocumentCounter.objects.filter(last__gt=0).exists()
    till.rename(legal_first_name="Ming Li")
    assert done(till.superbill(), 201)["number"] == "2026-000001"


def test_the_pdf_is_tagged_for_screen_readers(till):
    till.charge()
    reader = pypdf.PdfReader(io.BytesIO(fetch(till, done(till.superbill(), 201)).content))
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] == True  # noqa: E712  (a pypdf boolean)
    assert "/StructTreeRoot" in root
    assert reader.metadata.title == "Superbill 2026-000001"
    assert reader.metadata.creation_date == NOW


@pytest.mark.parametrize(
    "accept", ["application/pdf", "*/*", "text/html,application/xhtml+xml,*/*;q=0.8", "application/json"]
)
def test_the_address_serves_a_pdf_to_whoever_asks(till, accept):
    till.charge()
    answer = done(till.superbill(), 201)
    response = fetch(till, answer, Accept=accept)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/pdf"
    assert response.headers["Cache-Control"] == "private, no-store"
    assert response.headers["Content-Disposition"] == 'inline; filename="superbill-2026-000001.pdf"'
    assert response.content.startswith(b"%PDF-")


def test_a_refusal_at_the_pdf_address_is_a_problem_in_json(till, cast):
    till.charge()
    answer = done(till.superbill(), 201)
    url = f"/api/v1/superbills/{answer['id']}/pdf/"
    response = cast.desk("south_billing").client.get(url, headers={"Accept": "application/pdf"})
    assert response.status_code == 404
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == "not_found"


def test_reading_the_pdf_is_in_the_access_log_of_the_client(till, cast):
    till.charge()
    answer = done(till.superbill(), 201)
    fetch(till, answer)
    event = AuditEvent.objects.get(action="superbill.pdf")
    assert event.clients == [till.client.pk]
    assert event.created_by == cast.billing.pk
    assert str(event.object_id) == answer["id"]


def test_an_amended_client_leaves_the_issued_pdf_as_it_was(till):
    till.charge()
    answer = done(till.superbill(), 201)
    before = fetch(till, answer).content
    till.rename(legal_last_name="Changed")
    assert fetch(till, answer).content == before
    assert "Changed" in pages(fetch(till, done(till.superbill(), 201)).content)[0]
