from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0004_queued"),
    ]

    operations = [
        migrations.AddField(
            model_name="school",
            name="region",
            field=models.CharField(blank=True, default="", max_length=64),
        ),
    ]
