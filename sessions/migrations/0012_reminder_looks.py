"""What the sweep saw when it last worked out a session's messages: what looks the same is not worked out again."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clinic_sessions', '0011_noted_changes'),
    ]

    operations = [
        migrations.CreateModel(
            name='ReminderLook',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('seen', models.CharField(max_length=32)),
                ('look_at', models.DateTimeField()),
            ],
        ),
    ]
