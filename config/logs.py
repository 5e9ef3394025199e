"""One JSON object per line, with request, school and actor ids and nothing personal.

What an exception says is never written: it may hold a name, an address, a secret. What others' libraries say is written
without what they put in: Django names paths, and in a path stands whatever somebody typed.
"""

import json
import logging
import re
import sys
import threading
from contextvars import ContextVar
from http.client import responses
from typing import Any

from tenants.current import school_or_none
from tenants.traces import without_text

request_id: ContextVar[str] = ContextVar("request_id", default="")
actor_id: ContextVar[str] = ContextVar("actor_id", default="")
school_id: ContextVar[str] = ContextVar("school_id", default="")

OURS = frozenset({"config", "tenants", "shared_apps", "tenant_apps", "mysentinel", "root"})
FIELDS = ("request", "school", "actor", "route", "status")

# Addresses that hold a secret (doors declared `by_link`); what follows is not for the log.
SECRETS = re.compile(r"(/(?:set-password|request-access/confirm|request-access/status)/)[^/\s?#\"'<>]+")
# What must not be there, in case a sentence of ours holds it after all.
SIGNED = re.compile(r"eyJ[\w-]+\.[\w-]*\.?[\w-]*")
MAIL = re.compile(r"[^\s@\"'<>(),:;=/?&]+(?:@|%40)[\w-]+(?:\.[\w-]+)+")
PHONE = re.compile(r"(?<![\w.+/=-])\+\d[\d ]{7,14}\d(?![\w/=])")
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[-#0 +.\d]*[sdrifgxa]")


def masked(text: str) -> str:
    text = SECRETS.sub(r"\1***", text)
    return PHONE.sub("***", MAIL.sub("***", SIGNED.sub("***", text)))


class Where(logging.Filter):
    """Adds the ids of the work in hand to every record: of the open school, else of the actor's."""

    def filter(self, record: logging.LogRecord) -> bool:
        if hasattr(record, "actor"):  # another handler of the same record was here
            return True
        school = school_or_none()
        told: Any = getattr(record, "request", None)
        record.request, record.actor = request_id.get(), actor_id.get()
        record.school = str(school.id) if school else getattr(record, "school", "") or school_id.get()
        if hasattr(told, "resolver_match"):
            _of_a_request(record, told)
        return True


def _of_a_request(record: logging.LogRecord, request: Any) -> None:
    """Django writes its own line when everything of ours has been left, but brings the request along."""
    actor = getattr(request, "actor", None)
    record.request = getattr(request, "request_id", "")
    record.route = request.resolver_match.route if request.resolver_match else "none"
    record.status = getattr(record, "status_code", "")
    if actor:
        record.actor = actor.name_in_audit
        record.school = str(actor.school.id) if actor.school else ""


class JsonLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": masked(said(record)),
        }
        line |= {name: getattr(record, name) for name in FIELDS if getattr(record, name, "")}
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            line["trace"] = without_text(error)
        return json.dumps(line, ensure_ascii=False)


def said(record: logging.LogRecord) -> str:
    """A sentence of ours as it stands; of somebody else's its first line, what was put in left out."""
    if record.name.partition(".")[0] in OURS:
        return record.getMessage()
    status = getattr(record, "status", None)
    if status in responses:
        return responses[status]
    text = str(record.msg)
    return (PLACEHOLDER.sub("…", text) if record.args else text).partition("\n")[0]


# -- the end of a process ----------------------------------------------------------------------------------------------


def keep_crashes_silent() -> None:
    """Errors that nobody caught end in the log like any other, and not with their text on standard error."""
    sys.excepthook = lambda kind, error, trace: _ended(error)
    threading.excepthook = lambda told: _ended(told.exc_value)
    sys.unraisablehook = lambda told: _ended(told.exc_value)


def _ended(error: BaseException | None) -> None:
    trace = without_text(error) if error else "of no kind"
    logging.getLogger("mysentinel.process").critical("nobody caught an error\n%s", trace)
