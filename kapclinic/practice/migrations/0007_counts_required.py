from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('practice', '0006_time_off_cancelled'),
    ]

    operations = [
        migrations.AddField(
            model_name='historicallocation',
            name='counts_required',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='location',
            name='counts_required',
            field=models.BooleanField(default=False),
        ),
    ]
