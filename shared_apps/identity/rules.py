"""What can be decided about a visitor without asking anybody: their look, and where they may be sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

THEMES = ("light", "dark", "contrast")  # none of them: the system's
TEXTS = ("large", "larger")
KEYS = ("off",)


@dataclass(frozen=True)
class Look:
    """How a person likes the product to look, from cookies, so that a page knows before it paints.

    `theme`, `text` and `keys` are empty where the person left it to the system.
    """

    theme: str = ""
    text: str = ""
    keys: str = ""

    @classmethod
    def of(cls, cookies: Mapping[str, str]) -> Look:
        def told(name: str, known: tuple[str, ...]) -> str:
            value = cookies.get(name, "")
            return value if value in known else ""

        return cls(told("theme", THEMES), told("text", TEXTS), told("keys", KEYS))


def safe_path(wanted: str, otherwise: str = "/") -> str:
    """`wanted` if it is a path on this site, else `otherwise`: a link must not send people elsewhere.

    Browsers read `//`, `/\\` and a slash with a tab after it as the start of another host.
    """
    inside = wanted.startswith("/") and not wanted.startswith("//") and "\\" not in wanted and wanted.isprintable()
    return wanted if inside else otherwise


def workspace_of(path: str) -> str:
    """The school an address inside the product is about: `greenfield` of `/s/greenfield/gate`, "" of most."""
    found = re.match(r"/s/([-\w]{1,63})(?:[/?]|$)", path, re.ASCII)
    return found[1] if found else ""


def mailboxes(address: str) -> tuple[str, ...]:
    """The address, and the one that it is a branch of: most mail servers put `ann+x@` into the mailbox of `ann@`."""
    name, _, domain = address.strip().partition("@")
    return (address, f"{name.partition('+')[0]}@{domain}")


def mailbox(address: str) -> str:
    """What an address is counted under: without its branch, so that one mailbox is not many."""
    return mailboxes(address)[-1]


BROWSERS = {"Edg": "Edge", "OPR": "Opera", "SamsungBrowser": "Samsung Internet", "Firefox": "Firefox",
            "Chrome": "Chrome", "CriOS": "Chrome", "Safari": "Safari"}  # fmt: skip
SYSTEMS = {"Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "Windows": "Windows", "CrOS": "ChromeOS",
           "Macintosh": "Mac", "Linux": "Linux"}  # fmt: skip


def device_name(agent: str) -> str:
    """`Chrome · Android` out of a browser's long name; the first words of anything else."""
    browser = next((name for mark, name in BROWSERS.items() if f"{mark}/" in agent), "")
    system = next((name for mark, name in SYSTEMS.items() if mark in agent), "")
    return " · ".join(filter(None, (browser, system))) or agent.split("/")[0][:40]
