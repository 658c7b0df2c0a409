"""Service codes, fees and the diagnosis table."""

from __future__ import annotations

import gzip
import re
from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from billing.codes import rules, services
from billing.codes.rules import catalogue
from billing.codes.services import SetIncomplete, SetNotLater, load_diagnoses
from billing.models import Diagnosis, Fee, ServiceCode
from kapclinic.practice import services as practice
from kapclinic.practice.models import SYSTEM
from tests.asking import done, refused
from tests.billing.till import NOW
from tests.cast import PLAIN

CODE = {"system": "CPT", "code": "99417", "label": "visit, further time"}


def test_the_clinic_adds_a_code_in_its_own_words(till):
    answer = till.desk.must("service-codes/", CODE | {"minutes_min": 40}, status=201)
    assert (answer["code"], answer["label"], answer["line_kind"], answer["version"]) == (
        "99417", "visit, further time", "insurance", 1,
    )  # fmt: skip
    url = f"service-codes/{answer['id']}/"
    assert till.desk.patch(url, {"label": "long visit"}, match="").status_code == 428
    changed = till.desk.patch(url, {"label": "long visit"}, match='"1"')
    assert done(changed, 200)["label"] == "long visit"
    assert till.desk.patch(url, {"label": "older"}, match='"1"').status_code == 412
    renamed = till.desk.patch(url, {"code": "99216"}, match='"2"')
    refused(renamed, 400, "unknown_field", "/code")


@pytest.mark.parametrize(
    ("system", "code"),
    [("CPT", "J3490"), ("CPT", "9083"), ("CPT", "9083X"), ("HCPCS", "W1234"), ("HCPCS", "90837"),
     ("INTERNAL", "90837"), ("INTERNAL", "J3490"), ("INTERNAL", "kap"), ("INTERNAL", "A"), ("CPT", "９０８３７")],
)  # fmt: skip
def test_a_code_has_the_shape_of_its_system(till, system, code):
    refused(
        till.desk.post("service-codes/", CODE | {"system": system, "code": code}),
        400,
        "invalid",
        "/code",
    )
    assert not ServiceCode.objects.filter(code=code).exclude(system__in=["CPT", "HCPCS"]).exists()


def test_a_code_is_there_once(till):
    refused(till.desk.post("service-codes/", CODE | {"code": "90837"}), 409, "code_taken")


@pytest.mark.parametrize(("low", "high"), [("minutes_min", "minutes_max"), ("valid_from", "valid_to")])
def test_reversed_limits_are_refused(till, low, high):
    values = {low: 60, high: 30} if "min" in low else {low: "2026-05-02", high: "2026-05-01"}
    refused(till.desk.post("service-codes/", CODE | values), 400, "reversed", f"/{high}")


def test_codes_are_searched_by_beginning_and_label(till):
    def find(text):
        page = till.desk.get(f"service-codes/?search={text}").json()
        return [row["code"] for row in page["results"]]

    assert find("9084") == ["90840", "90846", "90847"]
    assert find("injection") == ["96372"]


def test_seeding_twice_adds_nothing_and_keeps_the_clinics_words(till):
    row = ServiceCode.objects.get(code="90837")
    row.label = "our hour"
    row.save_by(SYSTEM, at=NOW)
    assert services.ensure_codes(by=SYSTEM, at=NOW) == 0
    assert ServiceCode.objects.get(code="90837").label == "our hour"
    assert ServiceCode.objects.exclude(code=PLAIN).count() == len(catalogue.CODES)


def test_the_catalogue_has_the_shapes_of_its_systems_and_no_long_texts():
    for entry in catalogue.CODES:
        assert rules.shape_errors(system=entry.system, code=entry.code) == []
        assert len(entry.label) <= 60
        assert not re.search(r"psytx|office o/p|pt &/fam", entry.label.lower())


@pytest.mark.parametrize(
    ("code", "family"),
    [("90791", "therapy"), ("90792", "medical"), ("90837", "therapy"), ("90838", "medical"), ("90853", "therapy"),
     ("99214", "medical"), ("96372", "medical"), ("0820T", "monitoring"), ("J3490", "drug"), ("J0013", "drug"), ("S0013", "drug"),
     ("G2083", "medical"), ("96127", "other"), ("90840", "therapy"),
     ("KAP-DOSE", "other"), ("H0004", "therapy")],
)  # fmt: skip
def test_each_code_has_the_family_that_decides_who_renders_it(code, family):
    assert rules.family_of(code) == family


NEEDS = {
    "kinds": ["dosing"],
    "routes": ["intramuscular"],
    "drugs": ["ketamine"],
    "supply": "clinic_stock",
    "dose_mg_min": "10.000",
    "dose_mg_max": None,
}


def test_a_code_says_what_the_record_must_bear_out(till):
    more = {"units_max": 2, "addon_of": ["99205", "99215"], "excludes": ["90837"], "requires": NEEDS}
    answer = till.desk.must("service-codes/", CODE | more, status=201)
    assert {name: answer[name] for name in more} == more
    url = f"service-codes/{answer['id']}/"
    changed = done(till.desk.patch(url, {"requires": {"supply": None, "routes": []}, "units_max": None}), 200)
    assert changed["requires"] == NEEDS | {"supply": None, "routes": []}
    assert (changed["units_max"], changed["excludes"]) == (None, ["90837"])
    plain = till.desk.must("service-codes/", CODE | {"code": "99418"}, status=201)
    empty = {"kinds": [], "routes": [], "drugs": [], "supply": None, "dose_mg_min": None, "dose_mg_max": None}
    assert plain["requires"] == empty
    assert (plain["units_max"], plain["addon_of"], plain["excludes"]) == (None, [], [])


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"units_max": 0}, "/units_max", "min_value"),
        ({"addon_of": ["99999"]}, "/addon_of/0", "unknown_code"),
        ({"excludes": ["90837", "00000"]}, "/excludes/1", "unknown_code"),
        ({"requires": {"kinds": ["wellness"]}}, "/requires/kinds/0", "invalid_choice"),
        ({"requires": {"routes": ["by ear"]}}, "/requires/routes/0", "invalid_choice"),
        ({"requires": {"drugs": ["wine"]}}, "/requires/drugs/0", "invalid_choice"),
        ({"requires": {"dose_mg_min": "2", "dose_mg_max": "1"}}, "/requires/dose_mg_max", "reversed"),
        ({"requires": {"colour": "blue"}}, "/requires/colour", "unknown_field"),
    ],
)
def test_a_requirement_that_nobody_could_read_is_refused(till, body, pointer, code):
    refused(till.desk.post("service-codes/", CODE | body), 400, code, pointer)
    assert not ServiceCode.objects.filter(code=CODE["code"]).exists()


def fee(till, **body):
    return till.desk.post("fees/", {"code": "90837", "amount": "200.00", "valid_from": "2026-01-01"} | body)


def test_two_fees_of_a_code_never_hold_on_the_same_day(till, cast):
    first = done(fee(till, valid_to="2026-06-30"), 201)
    refused(fee(till, valid_from="2026-06-30"), 409, "fee_overlaps")
    done(fee(till, valid_from="2026-07-01", amount="210.00"), 201)
    done(fee(till, location=str(cast.north.pk)), 201)
    patched = till.desk.patch(f"fees/{first['id']}/", {"valid_to": "2026-07-01"}, match='"1"')
    refused(patched, 409, "fee_overlaps")
    assert Fee.objects.count() == 3
    on = till.desk.get("fees/?code=90837&on=2026-07-01").json()["results"]
    assert sorted(row["amount"] for row in on) == ["200.00", "210.00"]


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"amount": "-1.00"}, "/amount", "min_value"),
        ({"amount": "1.999"}, "/amount", "max_decimal_places"),
        ({"code": "00000"}, "/code", "does_not_exist"),
        ({"valid_to": "2025-12-31"}, "/valid_to", "reversed"),
    ],
)
def test_a_fee_that_cannot_be_is_refused(till, body, pointer, code):
    refused(fee(till, **body), 400, code, pointer)


def test_a_fee_of_another_location_is_neither_seen_nor_made(till, cast):
    refused(fee(till, location=str(cast.south.pk)), 400, "not_found", "/location")
    practice.save_staff(user=cast.billing, values={"locations": [cast.south.pk]}, by=cast.admin, at=NOW)
    made = done(fee(till, location=str(cast.south.pk)), 201)
    practice.save_staff(user=cast.billing, values={"locations": [cast.north.pk]}, by=cast.admin, at=NOW)
    assert till.desk.get(f"fees/{made['id']}/").status_code == 404


# --- diagnoses -----------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_whole_diagnosis_table_is_there_with_its_leaves():
    """Counts of the tabular list of April 2026; the quick picks of KAP are leaves, their headings are not."""
    assert Diagnosis.objects.count() == 98_186
    assert Diagnosis.objects.filter(billable=True).count() == 74_719
    picks = [
        "F33.1",
        "F33.2",
        "F32.2",
        "F32.A",
        "F32.9",
        "F43.10",
        "F43.12",
        "F41.1",
        "F42.9",
        "F43.81",
        "F10.20",
        "G89.4",
    ]
    assert set(Diagnosis.objects.filter(code__in=picks, billable=True).values_list("code", flat=True)) == set(
        picks
    )
    assert not Diagnosis.objects.filter(code__in=["F33", "F43.1", "F32"], billable=True).exists()


def write_set(path, rows):
    text = "".join(f"{code}\t{int(leaf)}\t{words}\n" for code, leaf, words in rows)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def present_rows():
    return list(
        Diagnosis.objects.filter(valid_to=None)
        .order_by("code_nodot")
        .values_list("code_nodot", "billable", "description")
    )


@pytest.mark.django_db
def test_a_later_set_closes_what_left_and_keeps_the_old_days(tmp_path):
    rows = [r for r in present_rows() if r[0] != "F332"]
    rows = [(c, leaf, "New words" if c == "F331" else words) for c, leaf, words in rows] + [
        ("F339X", True, "New code")
    ]
    path = write_set(tmp_path / "later.tsv.gz", rows)
    out = StringIO()
    call_command("load_icd10cm", "--file", str(path), "--effective", "2026-10-01", stdout=out)
    assert out.getvalue().strip() == "2 added, 2 closed"
    gone = Diagnosis.objects.get(code="F33.2")
    assert (gone.valid_from, gone.valid_to) == (date(2025, 10, 1), date(2026, 9, 30))
    last, first = date(2026, 9, 30), date(2026, 10, 1)
    assert Diagnosis.objects.in_force(last).filter(code="F33.2").exists()
    assert not Diagnosis.objects.in_force(first).filter(code="F33.2").exists()
    assert Diagnosis.objects.in_force(first).get(code="F33.1").description == "New words"
    assert Diagnosis.objects.in_force(last).get(code="F33.1").description != "New words"
    assert Diagnosis.objects.in_force(first).get(code="F33.9X").billable
    with pytest.raises(SetNotLater):
        load_diagnoses(path=path, effective=date(2026, 10, 1))


@pytest.mark.django_db
@pytest.mark.parametrize(
    "text", ["F33.2\t1\tDotted\n", "F332\t2\tNeither leaf nor heading\n", "F332 1 Spaces\n", "F332\t1\t\n"]
)
def test_a_malformed_set_loads_nothing(tmp_path, text):
    path = tmp_path / "bad.tsv"
    path.write_text(text)
    with pytest.raises(CommandError, match="Line 1"):
        call_command("load_icd10cm", "--file", str(path), "--effective", "2026-10-01")
    assert not Diagnosis.objects.filter(valid_to__isnull=False).exists()


@pytest.mark.django_db
def test_a_set_that_was_cut_off_closes_nothing(tmp_path):
    rows = present_rows()
    path = write_set(tmp_path / "cut.tsv", rows[: int(len(rows) * 0.8)])
    with pytest.raises(SetIncomplete):
        load_diagnoses(path=path, effective=date(2026, 10, 1))
    assert not Diagnosis.objects.filter(valid_to__isnull=False).exists()
