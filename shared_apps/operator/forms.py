"""What the operator's lists may be asked for in their addresses; anything else is read as the first choice."""

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import date
from urllib.parse import urlencode

from django.http import HttpResponse, QueryDict

from shared_apps.billing.rules import cell
from shared_apps.deliveries.rules import Life
from shared_apps.operator.services.trail import Asked, Entry

SIZE = 50
STATES = ("all", *Life, "stuck")


@dataclass(frozen=True)
class HealthQuery:
    """Which schools, and which page of them."""

    state: str = "all"
    page: int = 1

    @classmethod
    def read(cls, query: QueryDict) -> "HealthQuery":
        state, page = query.get("state", ""), query.get("page", "")
        return cls(
            state=state if state in STATES else "all",
            page=int(page) if page.isascii() and page.isdigit() and 0 < len(page) < 6 else 1,
        )

    def address(self, **changed: object) -> str:
        """The list under another choice; another choice begins on its first page."""
        other = replace(self, **{"page": 1, **changed})  # type: ignore[arg-type]
        shown = {"state": other.state, "page": other.page}
        plain = {"state": "all", "page": 1}
        return f"?{urlencode({name: value for name, value in shown.items() if value != plain[name]})}"


@dataclass(frozen=True)
class TrailQuery:
    """Which part of the history, and from where on; a date that is none is no bound."""

    kind: str = ""
    actor: str = ""
    school: str = ""
    since: str = ""
    until: str = ""
    cursor: str = ""

    @classmethod
    def read(cls, query: QueryDict) -> "TrailQuery":
        def text(name: str) -> str:
            return "".join(letter for letter in query.get(name, "")[:200] if letter.isprintable()).strip()

        return cls(
            kind=text("kind")[:60], actor=text("actor")[:80], school=text("school"), cursor=text("cursor")[:64],
            since=str(day) if (day := read_day(text("since"))) else "",
            until=str(day) if (day := read_day(text("until"))) else "",
        )  # fmt: skip

    @property
    def asked(self) -> Asked:
        return Asked(self.kind, self.actor, self.school, read_day(self.since), read_day(self.until))

    @property
    def filtered(self) -> bool:
        return self != TrailQuery(cursor=self.cursor)

    def address(self, path: str = "/operator/audit", **changed: str) -> str:
        """The same part of the history; without a cursor it begins anew."""
        shown = {**asdict(self), "cursor": "", **changed}
        return f"{path}?{urlencode({name: value for name, value in shown.items() if value})}"


def read_day(text: str) -> date | None:
    """`YYYY-MM-DD`, or None."""
    try:
        return date.fromisoformat(text) if len(text) == len("2026-11-21") else None
    except ValueError:
        return None


def trail_csv(entries: Iterable[Entry]) -> HttpResponse:
    """The entries as a file for a spreadsheet."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(("at", "number", "kind", "actor", "actor_name", "school", "school_name", "facts"))
    for one in entries:
        event = one.event
        facts = json.dumps(json.loads(event.body).get("facts", {}), ensure_ascii=False, sort_keys=True)
        cells = (
            event.at.isoformat(),
            one.number,
            event.kind,
            event.actor,
            one.who,
            event.school,
            one.school_name,
            facts,
        )
        table.writerow([cell(value) for value in cells])
    response = HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="audit.csv"'
    return response
