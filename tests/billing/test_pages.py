"""What somebody sees who looks at a page: whose policy it is, sums that add up, a signature under its words."""

from __future__ import annotations

import io
from typing import Any

import pypdf
import pytest

from tests.asking import done
from tests.billing.test_coverages import PARENT, covered, payer
from tests.billing.test_letters import signed
from tests.billing.till import Till


def pages(till: Till, path: str) -> list[str]:
    answer = till.desk.client.get(f"/api/v1/{path}/pdf/")
    assert answer.status_code == 200, answer.content
    found = pypdf.PdfReader(io.BytesIO(answer.content)).pages
    return [" ".join(page.extract_text().split()) for page in found]


@pytest.mark.parametrize(
    ("relationship", "words"),
    [
        ("self", "The client is the insured."),
        ("child", "The client is the child of the insured."),
        ("spouse", "The client is the spouse of the insured."),
        ("other", "The client is otherwise related to the insured."),
    ],
)
def test_it_says_what_the_client_is_to_the_insured(till: Till, relationship: str, words: str) -> None:
    holder: dict[str, Any] = {} if relationship == "self" else {"subscriber": PARENT}
    covered(till, payer(till), relationship=relationship, **holder)
    till.charge()
    (page,) = pages(till, f"superbills/{done(till.superbill(), 201)['id']}")
    assert words in page


def test_the_total_under_the_services_has_what_was_forgiven(till: Till) -> None:
    """Charge and adjustment less what was paid is the balance, line by line and below them."""
    charge = till.charge(amount="200.00")
    body = {"charge": charge["id"], "amount": "-20.50", "reason": "courtesy"}
    till.desk.must("adjustments/", body, status=201)
    till.pay("100.00", (charge, "100.00"))
    for path, answer in (("superbills", till.superbill()), ("receipts", till.receipt())):
        (page,) = pages(till, f"{path}/{done(answer, 201)['id']}")
        assert "$200.00 adj. -$20.50 $100.00 $79.50" in page
        assert "Total $200.00 adj. -$20.50 $100.00 $79.50" in page


def test_a_statement_names_each_way_of_paying_in_words(till: Till) -> None:
    for method in ("cash", "check", "card", "hsa_card", "fsa_card", "ach", "other"):
        till.pay("10.00", method=method)
    paper = till.desk.must("statements/", till.period(), status=201)
    told = {line["description"].removeprefix("Payment, ") for line in paper["lines"]}
    assert told == {"cash", "check", "card", "HSA card", "FSA card", "bank transfer", "another way"}
    (page,) = pages(till, f"statements/{paper['id']}")
    assert "Payments $70.00 Balance -$70.00 YOUR CREDIT" in page


@pytest.mark.parametrize("paragraphs", range(14, 22))
def test_no_signature_stands_on_a_page_without_what_it_is_under(till: Till, paragraphs: int) -> None:
    words = "Two medicines did not relieve it, and it has kept the client from work for many months. " * 3
    letter = signed(till, text="\n\n".join([words] * paragraphs))
    *_, last = pages(till, f"necessity-letters/{letter['id']}")
    assert "in my judgment" in last
    assert "Signed electronically by" in last
