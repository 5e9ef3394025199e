"""Which schools the health page shows."""

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.http import QueryDict

from shared_apps.deliveries.rules import Life

SIZE = 25
STATES = ("all", *Life, "stuck", "waiting", "dead", "drift")


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
