"""An e-mail has one key by which it is found and counted; an account says whose word its password is, and what ended."""

from typing import Any, ClassVar

import django.db.models.functions.comparison
import django.db.models.functions.text
from django.db import migrations, models

import kapclinic.core.emails
from kapclinic.core.emails import email_key


def fill(apps: Any, editor: Any) -> None:
    """Give every account its key.

    :raises RuntimeError: naming the accounts whose e-mails are one: somebody decides first which of them stays
    """
    accounts = apps.get_model("practice", "User")._base_manager
    owners: dict[str, Any] = {}
    for pk, email in accounts.order_by("created_at", "pk").values_list("pk", "email"):
        key = email_key(email)
        if key in owners:
            raise RuntimeError(f"Two accounts have one e-mail, spelled in two ways: {owners[key]} and {pk}.")
        owners[key] = pk
        accounts.filter(pk=pk).update(email_key=key)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("practice", "0008_client_withdrawn")]

    operations: ClassVar = [
        migrations.AddField(
            "user",
            "email_key",
            kapclinic.core.emails.EmailKeyField(editable=False, max_length=254, null=True, of="email"),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AlterField(
            "user",
            "email_key",
            kapclinic.core.emails.EmailKeyField(editable=False, max_length=254, of="email", unique=True),
        ),
        migrations.RemoveConstraint("user", "user_email_once"),
        migrations.AddConstraint(
            "user",
            models.CheckConstraint(
                name="user_email_key",
                condition=models.Q(
                    (
                        "email_key",
                        django.db.models.functions.text.Lower(
                            django.db.models.functions.comparison.Collate("email", "C")
                        ),
                    )
                )
                | (models.Q(email__regex="[^!-~]") & ~models.Q(email_key="")),
            ),
        ),
        *[
            migrations.AddField(model, name, field)
            for model in ("user", "historicaluser")
            for name, field in (
                ("password_change_required", models.BooleanField(default=False)),
                ("password_set_by", models.UUIDField(null=True)),
                ("password_set_at", models.DateTimeField(null=True)),
                ("sign_in_round", models.PositiveIntegerField(default=0)),
            )
        ],
        migrations.AddField("loginfailures", "tried_at", models.DateTimeField(null=True)),
        migrations.AddIndex(
            "loginfailures", models.Index(fields=["tried_at"], name="login_failures_age")
        ),
    ]
