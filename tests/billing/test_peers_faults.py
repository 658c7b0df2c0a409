"""What bounced or went missing at other clinics' software, one test each (PROVED names where the others are)."""

from __future__ import annotations

import ast
from datetime import timedelta
from pathlib import Path

import pytest

from kapclinic.practice import services as practice
from programs.models import Program
from tests.asking import done
from tests.billing.test_coverages import covered, payer
from tests.billing.till import NOW, SERVED, Till
from tests.cast import Cast

HERE = Path(__file__).parent
PROVED = {
    "a period of one day": "test_superbills.py::test_a_period_of_one_day_holds_that_day",
    "half past eleven at night": "test_superbills.py::test_late_in_the_evening_counts_for_the_local_day",
    "a line of nothing": "test_superbills.py::test_a_free_service_is_a_line_of_nothing",
    "two rendering providers": "test_superbills.py::test_a_superbill_sums_its_lines_and_tells_who_rendered_them",
    "two payers": "test_peers_faults.py::test_a_plan_that_changed_in_the_period_is_told",
    "a diagnosis that changed": "test_peers_faults.py::test_each_line_keeps_the_diagnosis_of_its_charge",
    "a diagnosis that came late": "test_peers_faults.py::test_a_diagnosis_that_came_after_the_session_is_on_its_line",
    "a voided payment": "test_peers_faults.py::test_a_payment_that_was_taken_back_proves_nothing",
    "a refunded payment": "test_superbills.py::test_what_was_refunded_is_not_receipted_as_paid",
    "package credit": "test_packages.py::test_a_package_is_on_no_document_and_its_sessions_are",
    "the chosen name": "test_pdf.py::test_the_legal_name_is_printed_and_the_chosen_name_never",
    "names of other alphabets": "test_pdf.py::test_names_of_many_alphabets_are_printed",
    "a name without a font": "test_pdf.py::test_a_name_that_our_fonts_lack_is_refused_and_takes_no_number",
    "sixty lines": "test_pdf.py::test_sixty_lines_run_over_pages_that_repeat_the_head_and_count_themselves",
    "reissued byte for byte": "test_superbills.py::test_a_correction_is_a_new_document_and_the_old_one_stays",
    "renamed afterwards": "test_pdf.py::test_an_amended_client_leaves_the_issued_pdf_as_it_was",
    "a deleted document": "test_guards.py::test_no_row_of_money_or_paper_is_changed_or_deleted",
    "an NDC that got lost": "test_peers_faults.py::test_a_line_keeps_its_ndc_on_every_paper_of_it",
    "a code of one's own": "test_superbills.py::test_internal_codes_stay_off_superbills_and_are_told",
}


@pytest.mark.parametrize("where", PROVED.values())
def test_it_is_proved_there(where: str) -> None:
    name, test = where.split("::")
    tree = ast.parse((HERE / name).read_text())
    assert test in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_a_plan_that_changed_in_the_period_is_told(till: Till) -> None:
    first, second = (till.session(starts_at=SERVED - timedelta(days=days)) for days in (6, 2))
    covered(till, payer(till, "Acme Health"), valid_to="2026-05-14")
    covered(till, payer(till, "Best Plan"), valid_from="2026-05-15", member_id="B-1")
    till.charge(first)
    assert "several_payers" not in {row["code"] for row in done(till.superbill(), 201)["warnings"]}
    till.charge(second)
    told = done(till.superbill(), 201)
    (warning,) = [row for row in told["warnings"] if row["code"] == "several_payers"]
    assert "Acme Health, Best Plan" in warning["detail"]
    assert told["subscriber"]["payer"] == "Best Plan"
    alone = done(till.superbill(to_date="2026-05-14"), 201)
    assert alone["subscriber"]["payer"] == "Acme Health"
    assert "several_payers" not in {row["code"] for row in alone["warnings"]}


def diagnosed(till: Till, code: str) -> None:
    till.cast.desk("prescriber").patch(f"programs/{till.program.pk}/", {"diagnosis": code})
    assert Program.objects.get(pk=till.program.pk).diagnosis == code


def test_each_line_keeps_the_diagnosis_of_its_charge(till: Till) -> None:
    first, second = (till.session(starts_at=SERVED - timedelta(days=days)) for days in (6, 2))
    till.charge(first)
    diagnosed(till, "F43.10")
    till.charge(second)
    told = done(till.superbill(), 201)
    assert [(row["letter"], row["code"]) for row in told["diagnoses"]] == [("A", "F33.2"), ("B", "F43.10")]
    assert [line["pointers"] for line in told["lines"]] == [["A"], ["B"]]


def test_a_diagnosis_that_came_after_the_session_is_on_its_line(till: Till) -> None:
    session = till.hour
    diagnosed(till, "F43.10")
    till.charge(session)
    assert done(till.superbill(), 201)["lines"][0]["diagnoses"] == ["F43.10"]


def test_a_payment_that_was_taken_back_proves_nothing(till: Till) -> None:
    charge = till.charge()
    payment = till.pay("200.00", (charge, "200.00"))
    paper = done(till.superbill(), 201)
    assert (paper["totals"]["paid"], len(paper["payments"])) == ("200.00", 1)
    till.desk.must(f"payments/{payment['id']}/reverse/", {"reason": "bounced"}, status=201)
    assert till.desk.get(f"superbills/{paper['id']}/").json()["outdated"] is True
    again = done(till.superbill(corrects=paper["id"]), 201)
    assert (again["totals"]["paid"], again["totals"]["balance"], again["payments"]) == ("0.00", "200.00", [])
    assert "not_paid" in {row["code"] for row in again["warnings"]}


def test_a_line_keeps_its_ndc_on_every_paper_of_it(till: Till, cast: Cast) -> None:
    session = till.injection()
    body = {"code": "J3490", "amount": "95.00", "ndc": "00409205310", "ndc_quantity": "0.8", "ndc_unit": "ML"}
    charge = till.charge(session, **body)
    first = done(till.superbill(), 201)
    practice.save_staff(user=cast.np, values={"name": "Another Name"}, by=cast.admin, at=NOW)
    again = done(till.superbill(corrects=first["id"]), 201)
    assert first["lines"][0]["ndc"] == again["lines"][0]["ndc"] == "00409205310 ML0.8"
    row = till.desk.must(f"charges/{charge['id']}/reverse/", {"reason": "wrong amount"}, status=201)
    assert (row["ndc"], row["ndc_quantity"], row["ndc_unit"]) == ("00409205310", "0.800", "ML")
