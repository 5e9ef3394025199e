"""Places as paths of codes: a country (ISO 3166-1), its parts (ISO 3166-2), then districts of our own.

`ZA-GP-tshwane` lies in `ZA-GP`, which lies in `ZA`. Whoever answers for a place answers for all that lies in it. The
countries come from the time zone database's public-domain table; parts are listed here where the product is in use, and
what is missing is added as a district is (`services.add`).
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib.resources import files

CODE = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?(-[a-z][a-z0-9]{0,30})*")
LONGEST = 64
FIRST = ("ZA", "US")  # where the product is in use: their parts are listed

Names = Mapping[str, str]  # language -> name; a language that is missing says it as English does

COUNTRY_NAMES: dict[str, Names] = {
    "ZA": {"af": "Suid-Afrika", "zu": "iNingizimu Afrika"},
    "US": {"af": "Verenigde State", "zu": "i-United States"},
    "BW": {"zu": "iBotswana"},
    "LS": {"zu": "iLesotho"},
    "MZ": {"af": "Mosambiek", "zu": "iMozambiki"},
    "NA": {"af": "Namibië", "zu": "iNamibiya"},
    "SZ": {"zu": "i-Eswatini"},
    "ZM": {"af": "Zambië", "zu": "iZambiya"},
    "ZW": {"zu": "iZimbabwe"},
}
PART_NAMES: dict[str, Names] = {
    "ZA-EC": {"en": "Eastern Cape", "af": "Oos-Kaap", "zu": "iMpumalanga Kapa"},
    "ZA-FS": {"en": "Free State", "af": "Vrystaat", "zu": "iFreyistata"},
    "ZA-GP": {"en": "Gauteng", "zu": "iGauteng"},
    "ZA-KZN": {"en": "KwaZulu-Natal", "zu": "iKwaZulu-Natali"},
    "ZA-LP": {"en": "Limpopo", "zu": "iLimpopo"},
    "ZA-MP": {"en": "Mpumalanga", "zu": "iMpumalanga"},
    "ZA-NC": {"en": "Northern Cape", "af": "Noord-Kaap", "zu": "iNyakatho Kapa"},
    "ZA-NW": {"en": "North West", "af": "Noordwes", "zu": "iNyakatho Ntshonalanga"},
    "ZA-WC": {"en": "Western Cape", "af": "Wes-Kaap", "zu": "iNtshonalanga Kapa"},
}
# The names of the states of the US are their own in every language of ours.
STATES = (
    "AL Alabama, AK Alaska, AZ Arizona, AR Arkansas, CA California, CO Colorado, CT Connecticut, DE Delaware,"
    " DC District of Columbia, FL Florida, GA Georgia, HI Hawaii, ID Idaho, IL Illinois, IN Indiana, IA Iowa,"
    " KS Kansas, KY Kentucky, LA Louisiana, ME Maine, MD Maryland, MA Massachusetts, MI Michigan, MN Minnesota,"
    " MS Mississippi, MO Missouri, MT Montana, NE Nebraska, NV Nevada, NH New Hampshire, NJ New Jersey, NM New Mexico,"
    " NY New York, NC North Carolina, ND North Dakota, OH Ohio, OK Oklahoma, OR Oregon, PA Pennsylvania,"
    " RI Rhode Island, SC South Carolina, SD South Dakota, TN Tennessee, TX Texas, UT Utah, VT Vermont, VA Virginia,"
    " WA Washington, WV West Virginia, WI Wisconsin, WY Wyoming"
)


@lru_cache(maxsize=1)
def built_in() -> dict[str, Names]:
    """Every country, and the parts of those in FIRST: code -> names."""
    known: dict[str, Names] = {}
    table = (files("tzdata") / "zoneinfo" / "iso3166.tab").read_text(encoding="utf-8")
    for line in table.splitlines():
        if not line.startswith("#"):
            code, name = line.split("\t")
            known[code] = {"en": name, **COUNTRY_NAMES.get(code, {})}
    known |= PART_NAMES
    for entry in STATES.split(", "):
        known[f"US-{entry[:2]}"] = {"en": entry[3:]}
    return known


def well_formed(code: str) -> bool:
    return len(code) <= LONGEST and CODE.fullmatch(code) is not None


def parent_of(code: str) -> str:
    """The place that `code` lies in; "" of a country."""
    return code.rpartition("-")[0]


def holds(outer: str, inner: str) -> bool:
    """Whether `inner` is `outer` or lies in it. Nothing lies in no place."""
    return bool(outer) and (inner == outer or inner.startswith(f"{outer}-"))


def answering(region: str, owned: Iterable[str]) -> str:
    """Which of the `owned` places answers for `region`: the nearest above it; "" when it goes up to everybody's."""
    return max((place for place in owned if holds(place, region)), key=len, default="")
