"""Where dead letters lie: in a school, or in the platform's own post. Both are asked in the same words."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from shared_apps.groups.services import EVERYWHERE
from shared_apps.post.services import dead
from tenants.actor import Actor
from tenants.ask import ask
from tenants.models import school_ref

POST = "post.send"  # the handler under which the platform's own mail stands among the reactions of schools
WORDS: dict[str, Callable[..., Any]] = {
    "count": dead.count, "replay": dead.replay, "discard": dead.discard, "outcome": dead.outcome, "read": dead.read,
    "reveal": dead.reveal,
}  # fmt: skip


def asked(school: UUID | None, word: str, **told: Any) -> Any:
    """What a school, or without one the post, answers about its dead letters."""
    return WORDS[word](**told) if school is None else ask(school_ref(school), f"dead_letters.{word}", **told)


def sees_post(actor: Actor) -> bool:
    """The platform's own mail belongs to no school: it is for those who reach every school."""
    return actor.scope == "platform" and bool(actor.roles & EVERYWHERE)
