"""When a kept slot was kept longer, which it is once."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clinic_sessions', '0015_lock'),
    ]

    operations = [
        migrations.AddField(
            model_name='historicalsessionhold',
            name='extended_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='sessionhold',
            name='extended_at',
            field=models.DateTimeField(null=True),
        ),
    ]
