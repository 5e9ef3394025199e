"""Invented families from all over South Africa. Deterministic: the same seed gives the same people."""

from dataclasses import dataclass
from random import Random

# How many of a hundred families, girls' and women's names, boys' and men's, family names, their languages
Community = tuple[int, str, str, str, dict[str, int]]
COMMUNITIES: tuple[Community, ...] = (
    (
        26,
        "Thandiwe Nomvula Zanele Ayanda Lindiwe Nokuthula Nandi Hlengiwe Minenhle Zinhle",
        "Sipho Bongani Mandla Sibusiso Mthunzi Sanele Senzo Andile Lwandle Nkosana",
        "Dlamini Nkosi Zulu Mkhize Ndlovu Khumalo Buthelezi Cele Ngcobo Mthembu Zungu Shabalala",
        {"zu": 8, "en": 2},
    ),
    (
        15,
        "Anathi Nomfundo Yonela Olwethu Zimkhitha Bulelwa Avela Noluthando",
        "Lutho Siyabonga Luyolo Lukhanyo Mihle Ayabonga Onke Sixolile",
        "Mbeki Ntuli Mgwali Jonga Sontsele Ngxola Mqhayi Tyhali Dyani Nontshinga",
        {"zu": 6, "en": 4},
    ),
    (
        14,
        "Lerato Palesa Dineo Refilwe Boitumelo Naledi Mpho Keabetswe",
        "Thabo Tshepo Kabelo Kagiso Tumelo Katlego Neo Teboho",
        "Mokoena Molefe Mofokeng Tau Sithole Motaung Phiri Modise Seabi Moloi Letsie",
        {"en": 8, "zu": 2},
    ),
    (
        8,
        "Rofhiwa Livhuwani Tsakani Masego Lesedi Tintswalo",
        "Mulalo Nyiko Rhulani Khutso Thabang Vusani",
        "Mudau Netshitenzhe Baloyi Maluleke Chauke Ramaphala Sekgala Mabasa",
        {"en": 9, "zu": 1},
    ),
    (
        15,
        "Anika Annelie Liezl Mia Elsabé Karla Zané Marike",
        "Pieter Ruan Dawid Hanru Wikus Dewald Francois Jaco",
        "van der Merwe Botha Pretorius Venter Coetzee Steyn du Plessis Jacobs Joubert le Roux",
        {"af": 9, "en": 1},
    ),
    (
        11,
        "Chantelle Jolene Tasneem Nurah Shireen Faatimah Bernice",
        "Ashwin Riyaad Marlin Keanu Byron Curwin Dillon",
        "Adams Petersen Isaacs Davids Hendricks Arendse September Fortuin Cloete Salie",
        {"af": 6, "en": 4},
    ),
    (
        6,
        "Priya Kavitha Nisha Saira Anjali Meera",
        "Yash Arjun Devan Imraan Kiran Rohan",
        "Naidoo Pillay Govender Moodley Reddy Chetty Khan Maharaj",
        {"en": 1},
    ),
    (
        5,
        "Emma Olivia Grace Hannah Sarah Claire",
        "James Matthew Luke Daniel Joshua Oliver",
        "Smith Taylor Walker Harris Clark Bennett Murray Fraser",
        {"en": 1},
    ),
)
HOMES = (("mother",), ("mother", "father"), ("grandparent",), ("father", "aunt_uncle"))
HOW_OFTEN = (4, 4, 1, 1)
PARTICLES = ("van", "der", "du", "le", "de")


@dataclass(frozen=True)
class Parent:
    given_name: str
    family_name: str
    relation: str
    language: str
    may_contact: bool
    may_collect: bool


@dataclass(frozen=True)
class Family:
    """Children's given names under one family name, and the one or two adults who answer for them."""

    family_name: str
    children: tuple[str, ...]
    parents: tuple[Parent, ...]


def families(children: int, rng: Random) -> list[Family]:
    """Families with exactly `children` children between them."""
    made: list[Family] = []
    left = children
    while left:
        family = _family(min(left, rng.choices((1, 2, 3), (82, 15, 3))[0]), rng)
        made.append(family)
        left -= len(family.children)
    return made


def person(rng: Random) -> tuple[str, str]:
    """A given and a family name."""
    _, women, men, surname, _ = _community(rng)
    return rng.choice(f"{women} {men}".split()), rng.choice(surnames(surname))


def surnames(text: str) -> list[str]:
    """`Botha van der Merwe` -> `["Botha", "van der Merwe"]`."""
    found: list[str] = []
    open_name = ""
    for word in text.split():
        open_name = f"{open_name} {word}".strip()
        if word not in PARTICLES:
            found.append(open_name)
            open_name = ""
    return found


def _community(rng: Random) -> Community:
    return rng.choices(COMMUNITIES, [community[0] for community in COMMUNITIES])[0]


def _family(size: int, rng: Random) -> Family:
    _, women, men, surname, languages = _community(rng)
    name, language = rng.choice(surnames(surname)), rng.choices(list(languages), list(languages.values()))[0]
    home = rng.choices(HOMES, HOW_OFTEN)[0]
    children = rng.sample(f"{women} {men}".split(), size)
    parents: list[Parent] = []
    for place, relation in enumerate(home):
        pool = {"mother": women, "father": men}.get(relation, f"{women} {men}").split()
        taken = {*children, *(parent.given_name for parent in parents)}
        given = rng.choice([one for one in pool if one not in taken])
        # The first may always be told and fetch; the second sometimes may not, as in life.
        may_contact, may_collect = place == 0 or rng.random() < 0.8, place == 0 or rng.random() < 0.9
        parents.append(Parent(given, name, relation, language, may_contact, may_collect))
    return Family(name, tuple(children), tuple(parents))
