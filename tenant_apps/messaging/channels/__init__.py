"""The ways out of the house. Each sends one `Mail`, or raises ChannelError: that is the whole retry policy."""

from dataclasses import dataclass

from tenants.reactions import ReactionError


@dataclass(frozen=True)
class Mail:
    """What leaves. `reference` is the Message-ID, the same in every attempt, so that a reader sees it once."""

    to: str
    subject: str
    text: str
    language: str
    reference: str


class ChannelError(ReactionError):
    """It did not go out. `reason` is a code and never holds an address."""
