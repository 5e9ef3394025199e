"""Pages of a local installation: the mail nobody sent, as there is no mail server. Elsewhere they do not exist."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from shared_apps.post import services as post
from tenants.ask import ask
from tenants.door import Within, page
from tenants.models import SchoolState, school_refs
from tenants.problems import not_found

FIELDS = ("to", "subject", "text", "language", "sent_at")


@page(permission=None, within=Within.OPEN, audit=None)
def mailbox(request: HttpRequest) -> HttpResponse:
    to = request.GET.get("to", "")
    return render(request, "dev/mailbox.html", {"mails": collect(to), "to": to})


@page(permission=None, within=Within.OPEN, audit=None)
def mailbox_json(request: HttpRequest) -> HttpResponse:
    mails = collect(request.GET.get("to", ""))
    return JsonResponse({"items": [{name: mail[name] for name in FIELDS} for mail in mails]})


def collect(to: str) -> list[dict[str, Any]]:
    """The platform's mail and every school's, newest first; each school is asked in its own scope."""
    if settings.ENVIRONMENT != "local":
        raise not_found("There is no such address.")
    to = to.replace("\0", "")
    mails: list[dict[str, Any]] = [
        {**mail, "school": "MySentinel", "local": f"{mail['sent_at']:%Y-%m-%d %H:%M} UTC"}
        for mail in post.mailbox(to=to)
    ]
    for school in school_refs(*SchoolState):
        for mail in ask(school, "messaging.mailbox", to=to):
            # Worded here: a template would turn the moment back into the server's zone.
            local = mail["sent_at"].astimezone(school.zone).strftime("%Y-%m-%d %H:%M")
            mails.append({**mail, "school": school.name, "local": local})
    return sorted(mails, key=lambda mail: mail["sent_at"], reverse=True)
