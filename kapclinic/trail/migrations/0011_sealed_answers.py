"""Answers that are kept for an Idempotency-Key are sealed, and the database takes no other."""

from typing import Any, ClassVar

import orjson
from django.db import migrations

SEALED = """
ALTER TABLE trail_idempotencyrecord ADD CONSTRAINT idempotency_sealed CHECK (
    answer IS NULL OR jsonb_typeof(answer) IN ('string', 'null')
    OR (jsonb_typeof(answer) = 'object' AND answer ? 'id' AND answer - 'id' = '{}'::jsonb)
)
"""
OPEN = "ALTER TABLE trail_idempotencyrecord DROP CONSTRAINT idempotency_sealed"


def seal(apps: Any, schema_editor: Any) -> None:
    """Of the last seven days; older ones are forgotten."""
    from kapclinic.trail.answers import sealed

    records = apps.get_model("trail", "IdempotencyRecord")
    for row in records.objects.exclude(answer=None).iterator(chunk_size=500):
        if isinstance(row.answer, dict) and row.answer.keys() == {"id"}:
            continue
        row.answer = sealed(orjson.dumps(row.answer), scope=vars(row))
        row.save(update_fields=["answer"])


class Migration(migrations.Migration):
    dependencies: ClassVar = [("trail", "0010_field_key_word")]

    operations: ClassVar = [
        migrations.RunPython(seal, migrations.RunPython.noop),
        migrations.RunSQL(SEALED, OPEN),
    ]
