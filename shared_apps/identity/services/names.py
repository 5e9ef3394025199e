"""What a person is called and speaks. A school's people are asked of their school: the platform does not know."""

from dataclasses import dataclass

from shared_apps.identity.models import Membership
from tenants.actor import Actor
from tenants.ask import ask
from tenants.cells import CellDown


def name_of(actor: Actor) -> str:
    """The display name, or "" when nobody knows one."""
    if actor.school is not None:
        return str(ask(actor.school, "people.staff_name", person=actor.person))
    held = Membership.objects.filter(login=actor.login, school=None).exclude(name="").first()
    return held.name if held else ""


def language_of(actor: Actor) -> str:
    """Their own choice, else their school's default, else English."""
    if actor.language or actor.school is None:
        return actor.language or "en"
    return str(ask(actor.school, "people.default_language"))


@dataclass(frozen=True)
class Introduction:
    """What every page says about its reader; `language` is empty when nobody chose one for them."""

    name: str
    language: str


def introduce(actor: Actor) -> Introduction:
    """Name and effective language in one visit to the school: own choice, else the school's default."""
    if actor.school is None:
        return Introduction(name_of(actor), actor.language)
    try:
        told = ask(actor.school, "people.introduction", person=actor.person)
    except CellDown:  # the page itself will say so
        return Introduction("", actor.language)
    return Introduction(str(told["name"]), actor.language or str(told["default_language"]))
