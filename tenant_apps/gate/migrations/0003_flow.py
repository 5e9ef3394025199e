"""Arrivals and departures per half hour."""

from django.db import migrations, models

import tenants.ids


class Migration(migrations.Migration):
    dependencies = [
        ("gate", "0002_append_only"),
    ]

    operations = [
        migrations.CreateModel(
            name="Flow",
            fields=[
                ("id", models.UUIDField(default=tenants.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("day", models.DateField()),
                ("starts", models.TimeField()),
                ("arrivals", models.PositiveIntegerField(default=0)),
                ("departures", models.PositiveIntegerField(default=0)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("day", "starts"), name="flow_once")],
            },
        ),
    ]
