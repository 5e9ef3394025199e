"""Which part of the history the audit page shows."""

from dataclasses import asdict, dataclass

from django.http import QueryDict

from shared_apps.operator.forms.moments import read_day, read_moment
from shared_apps.operator.rules import AUDIT, audit_address
from shared_apps.operator.services.trail import Asked


@dataclass(frozen=True)
class TrailQuery:
    """Which part of the history, and from where on; a date that is none is no bound."""

    kind: str = ""
    actor: str = ""
    school: str = ""
    since: str = ""
    until: str = ""
    begins: str = ""
    ends: str = ""
    cursor: str = ""

    @classmethod
    def read(cls, query: QueryDict) -> "TrailQuery":
        def text(name: str) -> str:
            return "".join(letter for letter in query.get(name, "")[:200] if letter.isprintable()).strip()

        return cls(
            kind=text("kind"), actor=text("actor")[:80], school=text("school"), cursor=text("cursor")[:64],
            since=str(day) if (day := read_day(text("since"))) else "",
            until=str(day) if (day := read_day(text("until"))) else "",
            begins=at.isoformat() if (at := read_moment(text("begins"))) else "",
            ends=at.isoformat() if (at := read_moment(text("ends"))) else "",
        )  # fmt: skip

    @property
    def asked(self) -> Asked:
        return Asked(
            self.kind, self.actor, self.school, read_day(self.since), read_day(self.until), read_moment(self.begins),
            read_moment(self.ends),
        )  # fmt: skip

    @property
    def filtered(self) -> bool:
        return self != TrailQuery(cursor=self.cursor)

    @property
    def filters(self) -> list[str]:
        return [name for name, value in asdict(self).items() if value and name != "cursor"]

    def address(self, path: str = AUDIT, **changed: str) -> str:
        """The same part of the history; without a cursor it begins anew."""
        shown = {**asdict(self), "cursor": "", **changed}
        return audit_address(path, **shown)
