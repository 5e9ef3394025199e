from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0005_canaries"),
    ]

    operations = [
        migrations.CreateModel(
            name="ChainCheck",
            fields=[
                ("world", models.CharField(max_length=10, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("size", models.BigIntegerField()),
                ("bad", models.BigIntegerField(null=True)),
                ("why", models.CharField(blank=True, default="", max_length=200)),
            ],
        ),
        migrations.AddIndex(
            model_name="platformevent",
            index=models.Index(fields=["-at", "-id"], name="platformevent_by_time"),
        ),
        migrations.AddIndex(
            model_name="platformevent",
            index=models.Index(fields=["school", "-at"], name="platformevent_of_school"),
        ),
    ]
