"""What the billing pages may be asked for in their address."""

from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.http import QueryDict

from shared_apps.billing.rules import month_of, read_month


@dataclass(frozen=True)
class BillingAsked:
    """The state of the page, as its address carries it. A month that is none is the current one, and `unread`."""

    month: date
    search: str = ""
    cursor: str = ""
    unread: str = ""

    @classmethod
    def read(cls, query: QueryDict, today: date) -> "BillingAsked":
        search, wanted = _printable(query.get("search", "")[:100]), query.get("month", "")
        month = read_month(wanted, today)
        unread = "" if month else _printable(wanted[:40]) or "?"
        return cls(month or month_of(today), " ".join(search.split()), query.get("cursor", "")[:64], unread)

    def address(self, path: str = "/operator/billing", *, search: str | None = None, cursor: str = "") -> str:
        search = self.search if search is None else search
        parts = {"month": f"{self.month:%Y-%m}", "search": search, "cursor": cursor}
        return f"{path}?{urlencode({name: value for name, value in parts.items() if value})}"


def _printable(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())
