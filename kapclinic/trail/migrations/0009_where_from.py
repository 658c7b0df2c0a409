"""Audit events say from which address and by which request they came; those at the doors are found by time."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("trail", "0008_partitions")]

    operations: ClassVar = [
        migrations.AddField("auditevent", "address", models.GenericIPAddressField(null=True)),
        migrations.AddField("auditevent", "request_id", models.UUIDField(null=True)),
        migrations.AddIndex(
            "auditevent",
            models.Index(
                fields=["created_at"],
                name="audit_doors",
                condition=models.Q(
                    object_type__in=("auth", "calendar", "calendar_feed", "door", "staff", "token")
                ),
            ),
        ),
    ]
