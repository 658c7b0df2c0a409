"""The list of obligations without a filter, in its order by this index: no more a sort of all that there are."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clinic_sessions', '0013_hold'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='obligation',
            index=models.Index(fields=['window_end', 'id'], name='obligation_window'),
        ),
    ]
