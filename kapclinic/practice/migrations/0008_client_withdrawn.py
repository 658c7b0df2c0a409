"""A client who was registered by mistake is withdrawn: of no location, so that nobody sees them."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("practice", "0007_accounts"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='client',
            name='client_has_location',
        ),
        migrations.AddField(
            model_name='client',
            name='withdrawn_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='historicalclient',
            name='withdrawn_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddConstraint(
            model_name='client',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('locations__len__gte', 1), ('withdrawn_at__isnull', True)), models.Q(('locations', []), ('withdrawn_at__isnull', False)), _connector='OR'), name='client_has_location'),
        ),
    ]
