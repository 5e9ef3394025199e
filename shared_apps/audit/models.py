"""The platform's history: append-only, with no name or address of a school's people."""

from django.db import models

from tenants.ids import new_id


class PlatformEvent(models.Model):
    """Something that happened on the platform or at the wall. `body` is RFC 8785 JSON."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=60)
    at = models.DateTimeField()
    actor = models.CharField(max_length=80)
    school = models.UUIDField(null=True)
    body = models.TextField()

    class Meta:
        indexes = [models.Index(fields=["kind", "at"], name="platformevent_kind_at")]
