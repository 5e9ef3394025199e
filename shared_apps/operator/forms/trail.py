"""Which part of the history the audit page shows."""

from dataclasses import asdict, dataclass
from datetime import date
from urllib.parse import urlencode

from django.http import QueryDict

from shared_apps.operator.services.trail import Asked


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
