"""What the learners' page may be asked for in its address; anything else is read as the first choice."""

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.http import QueryDict

from tenant_apps.roster.services.learners import STATES

SIZES = (25, 50, 100)


@dataclass(frozen=True)
class ListQuery:
    """The state of the list, as its address carries it."""

    state: str = "active"
    search: str = ""
    class_id: str = ""
    page: int = 1
    size: int = 25

    @classmethod
    def read(cls, query: QueryDict) -> "ListQuery":
        state, size, page = query.get("state", ""), query.get("size", ""), query.get("page", "")
        search = "".join(letter for letter in query.get("search", "")[:100] if letter.isprintable())
        return cls(
            state=state if state in STATES else "active",
            search=" ".join(search.split()),
            class_id=query.get("class", "")[:64],
            page=int(page) if page.isascii() and page.isdigit() and 0 < len(page) < 6 else 1,
            size=int(size) if size in map(str, SIZES) else SIZES[0],
        )

    @property
    def filtered(self) -> bool:
        return bool(self.search or self.class_id)

    def address(self, **changed: object) -> str:
        """The list under another choice; another choice begins on its first page."""
        other = replace(self, **{"page": 1, **changed})  # type: ignore[arg-type]
        kept = {
            "state": other.state, "search": other.search, "class": other.class_id, "page": other.page,
            "size": other.size,
        }  # fmt: skip
        plain = {"state": "active", "search": "", "class": "", "page": 0, "size": SIZES[0]}
        shown = {name: value for name, value in kept.items() if value != plain[name] and (name, value) != ("page", 1)}
        return f"?{urlencode(shown)}"
