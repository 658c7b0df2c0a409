"""A drawn signature in force is a PNG. Not asked of what was signed before: it is revoked and signed again."""

from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('programs', '0002_guards'),
        ('screening', '0006_measure_void'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        AddConstraintNotValid(
            model_name='consent',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('method', 'drawn'), ('status', 'signed'), _negated=True), ('signature__startswith', 'data:image/png;base64,'), _connector='OR'), name='consent_drawing'),
        ),
    ]
