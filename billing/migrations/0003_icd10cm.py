"""Load the ICD-10-CM set that comes with the code (98,186 codes, about a second by COPY)."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

from django.db import migrations

DATA = Path(__file__).resolve().parent.parent / "codes" / "data" / "icd10cm-2026-04.tsv.gz"
FROM = "2025-10-01"  # the set of fiscal year 2026, as amended in April: good for services from that October on


def load(apps: Any, schema_editor: Any) -> None:
    lines = []
    with gzip.open(DATA, "rt", encoding="utf-8") as source:
        for line in source:
            code, leaf, description = line.rstrip("\n").split("\t")
            dotted = f"{code[:3]}.{code[3:]}" if len(code) > 3 else code
            lines.append(f"{code}\t{dotted}\t{leaf}\t{description}\t{FROM}\n")
    with schema_editor.connection.cursor() as cursor:
        columns = "code_nodot, code, billable, description, valid_from"
        with cursor.copy(f"COPY billing_diagnosis ({columns}) FROM STDIN") as copy:
            copy.write("".join(lines).encode())


def unload(apps: Any, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("DELETE FROM billing_diagnosis")


class Migration(migrations.Migration):
    dependencies = [("billing", "0002_guards")]

    operations = [migrations.RunPython(load, unload)]
