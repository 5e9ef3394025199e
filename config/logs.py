"""One JSON object per line, with request, school and actor ids and nothing personal."""

import json
import logging
import re
from contextvars import ContextVar

from tenants.current import school_or_none

request_id: ContextVar[str] = ContextVar("request_id", default="")
actor_id: ContextVar[str] = ContextVar("actor_id", default="")


# Addresses that hold a secret (doors declared `by_link`); what follows is not for the log.
SECRETS = re.compile(r"(/(?:set-password|request-access/confirm|request-access/status)/)[^/\s?#\"'<>]+")


def masked(text: str) -> str:
    return SECRETS.sub(r"\1***", text)


class Where(logging.Filter):
    """Adds the ids of the work in hand to every record."""

    def filter(self, record: logging.LogRecord) -> bool:
        school = school_or_none()
        record.request, record.actor = request_id.get(), actor_id.get()
        record.school = str(school.id) if school else ""
        return True


class JsonLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": masked(record.getMessage()),
        }
        line |= {name: getattr(record, name) for name in ("request", "school", "actor") if getattr(record, name, "")}
        if record.exc_info:
            line["trace"] = masked(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)
