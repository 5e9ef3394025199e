"""Which places there are, what they are called, and adding one."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction

from shared_apps.audit.services import record
from shared_apps.regions.models import Region
from shared_apps.regions.rules import FIRST, Names, built_in, holds, parent_of, well_formed
from tenants.problems import conflict, invalid

Group = tuple[str, list[tuple[str, str]]]


def is_known(code: str) -> bool:
    """Whether there is such a place."""
    return code in built_in() or (well_formed(code) and Region.objects.filter(code=code).exists())


def name_of(code: str, language: str) -> str:
    """The name of a place; its code where nobody gave it one."""
    if code in built_in():
        return _said(built_in()[code], language)
    found = Region.objects.filter(code=code).first()
    return _own_name(found, language) if found else code


def _said(names: Names, language: str) -> str:
    return names.get(language) or names["en"]


def _own_name(region: Region, language: str) -> str:
    return str(getattr(region, f"name_{language if language in dict(settings.LANGUAGES) else 'en'}"))


def choices(language: str, *, within: Sequence[str] | None = None) -> list[Group]:
    """Places to choose from, grouped by country, those where the product is in use first; only those in `within`."""
    names = {code: _said(known, language) for code, known in built_in().items()}
    names |= {region.code: _own_name(region, language) for region in Region.objects.all()}
    wanted = [code for code in names if within is None or any(holds(place, code) for place in within)]
    groups: dict[str, list[tuple[str, str]]] = {}
    for code in wanted:
        country, depth = code[:2], code.count("-")
        has_parts = country in FIRST or any(other.startswith(f"{country}-") for other in names)
        label = names[code] if depth < 2 else f"{names.get(parent_of(code), parent_of(code))}: {names[code]}"
        groups.setdefault(country if has_parts else "", []).append((code, label))
    for entries in groups.values():
        entries.sort(key=lambda entry: (entry[0] not in FIRST, entry[1].casefold()))
    order = [*FIRST, *sorted(set(groups) - {*FIRST, ""}), ""]
    return [(names.get(country, ""), groups[country]) for country in order if country in groups]


def added(*, within: Sequence[str] | None = None) -> list[str]:
    """The codes of the places that were added here, only those in `within`."""
    codes = Region.objects.order_by("code").values_list("code", flat=True)
    return [code for code in codes if within is None or any(holds(place, code) for place in within)]


@transaction.atomic
def add(*, code: str, names: dict[str, str], by: str, now: datetime) -> Region:
    """Add a place below a known one. Raises 422 for a code that is no path or hangs on nothing, 409 for a known one."""
    if not well_formed(code) or not parent_of(code) or not is_known(parent_of(code)):
        raise invalid("code", "no_place", "Take the code of a known place, a hyphen, and a short word.")
    if is_known(code):
        raise conflict("There is such a place already.")
    said = {f"name_{language}": names.get(language) or names["en"] for language, _ in settings.LANGUAGES}
    region = Region.objects.create(code=code, **said)
    record("regions.added", by=by, now=now, facts={"code": code})
    return region
