"""A token may be narrowed to some of its owner's roles and locations; it is not widened afterwards. A passkey may witness."""

import django.contrib.postgres.fields
from django.db import migrations, models

from kapclinic.core.triggers import frozen_when

WIDER = (
    "NEW.user_id <> OLD.user_id OR NEW.roles IS DISTINCT FROM OLD.roles "
    "OR NEW.locations IS DISTINCT FROM OLD.locations"
)


class Migration(migrations.Migration):

    dependencies = [
        ('practice', '0012_private_notes_sealed'),
    ]

    operations = [
        migrations.AddField(
            model_name='authtoken',
            name='locations',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), null=True, size=None),
        ),
        migrations.AddField(
            model_name='authtoken',
            name='roles',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=30), null=True, size=None),
        ),
        migrations.AddConstraint(
            model_name='authtoken',
            constraint=models.CheckConstraint(condition=models.Q(('roles__isnull', True), ('roles__len__gt', 0), _connector='OR'), name='token_roles'),
        ),
        migrations.AddConstraint(
            model_name='authtoken',
            constraint=models.CheckConstraint(condition=models.Q(('locations__isnull', True), ('locations__len__gt', 0), _connector='OR'), name='token_locations'),
        ),
        frozen_when("practice_authtoken", WIDER),
        migrations.AlterField(
            model_name='factorchallenge',
            name='purpose',
            field=models.CharField(choices=[('enrol', 'Enrol'), ('prove', 'Prove'), ('witness', 'Witness')], max_length=10),
        ),
    ]
