"""Ways to ask for access and to decide, as people do from outside."""

import re
from typing import Any

from django.test import Client
from django.utils import timezone

from shared_apps.access.models import AccessRequest
from shared_apps.identity.services.accounts import give_role
from shared_apps.post import services as post
from tests import world
from tests.identity.people import post as call
from tests.world import MORNING

SAID = {
    "full_name": "Naledi Khumalo", "work_email": "naledi@district.example", "organization": "Tshwane North District",
    "region": "ZA-GP", "reason": "I look after the schools of the north.",
}  # fmt: skip
ROOT, OPERATOR, GAUTENG = "root@example.com", "operator@example.com", "gauteng@example.com"


def ask(**more: Any) -> AccessRequest:
    """A request that nobody confirmed yet, through the API."""
    answer = call("/api/auth/request-access", {**SAID, **more})
    assert answer.status_code == 202, answer.content
    return AccessRequest.objects.get(reference=answer.json()["reference"])


def mails(to: str) -> list[dict[str, Any]]:
    """What lies in this mailbox, newest first, once the post has gone out."""
    post.drain(now=timezone.now())
    return list(Client().get("/dev/mailbox.json", {"to": to}).json()["items"])


def link_in(mail: dict[str, Any]) -> str:
    """The path of the link in a mail."""
    return re.search(r"http://localhost:8000(/(?:request-access|set-password)/\S+)", mail["text"])[1]


def waiting(**more: Any) -> AccessRequest:
    """A request whose sender confirmed it."""
    asked = ask(**more)
    to = more.get("work_email", SAID["work_email"])
    mail = next(mail for mail in mails(to) if asked.reference in mail["text"])
    assert Client().post(link_in(mail)).status_code == 302
    asked.refresh_from_db()
    return asked


def admin_of(region: str, email: str) -> str:
    """A new regional admin who can sign in; the address again."""
    give_role(
        email=email, role="regional_admin", by="test", now=MORNING, name="Test", region=region,
        password=world.PASSWORD, temporary=False,
    )  # fmt: skip
    return email


def super_admin(email: str) -> str:
    give_role(
        email=email, role="super_admin", by="test", now=MORNING, name="Test", password=world.PASSWORD, temporary=False
    )
    return email


def approve(client: Client, asked: AccessRequest, **body: Any) -> Any:
    return call(f"/api/admin/approve/{asked.id}", body, client=client)


def reject(client: Client, asked: AccessRequest, reason: str = "No such district.", notify: bool = True) -> Any:
    return call(f"/api/admin/reject/{asked.id}", {"reason": reason, "notify": notify}, client=client)
