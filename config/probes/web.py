"""What the world sees of the web process, asked through the product's own middleware; and what it may not see."""

import logging
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.test import Client
from django.utils.html import escape

from config import complete
from config.probes.lines import Line, broken, judged, missing, ready
from config.statics import static_is_there

STRANGER = "stranger.invalid"


def _status(path: str, host: str) -> int:
    return int(_answer(path, host).status_code)


def _page(path: str, host: str) -> str:
    return str(_answer(path, host).content.decode())


def _answer(path: str, host: str) -> Any:
    logging.disable()  # a refusal that is wanted is no news
    try:
        return Client(raise_request_exception=False).get(path, headers={"host": host})
    finally:
        logging.disable(logging.NOTSET)


def address() -> Iterator[Line]:
    wrong = "" if settings.ENV.local else complete.public_url(settings.PUBLIC_URL)
    yield judged("PUBLIC_URL", wrong, "over https" if settings.HTTPS else "plain http, which local alone may use")
    about = "ALLOWED_HOSTS"
    host = urlsplit(settings.PUBLIC_URL).netloc
    wrong = "" if settings.ENV.local else complete.allowed_hosts(",".join(settings.ALLOWED_HOSTS))
    if not wrong and _status("/healthz", host) != 200:
        wrong = "does not let the host of PUBLIC_URL in"
    if not wrong and _status("/healthz", STRANGER) != 400:
        wrong = "lets a host in that nobody named"
    yield judged(about, wrong, "the host of PUBLIC_URL comes in, another does not")


def pages_of_local() -> Iterator[Line]:
    """The mailbox that anybody may read must not be there."""
    about = "/dev pages"
    if settings.ENV.local:
        yield ready(about, "shown, as this installation is local")
        return
    status = _status("/dev/mailbox.json", urlsplit(settings.PUBLIC_URL).netloc)
    yield judged(about, "" if status == 404 else f"answer {status}: mail is open to anybody", "are not there")


def responsible() -> Iterator[Line]:
    """Whom the notice on /request-access names: looked at as a stranger sees it, so that nothing is only half said."""
    about, told = "RESPONSIBLE_PARTY", settings.RESPONSIBLE
    if not told.named:
        yield missing(about, "the notice on /request-access says that nobody was named yet")
        return
    page = _page("/request-access/notice", urlsplit(settings.PUBLIC_URL).netloc)
    shown = all(escape(text) in page for text in (told.party, told.address, told.officer, told.officer_email))
    yield judged(about, "" if shown else "is not on /request-access/notice", "named to whoever asks for access")


def stand_ins() -> Iterator[Line]:
    about, told = "Message providers", ", ".join(settings.ENV.stand_ins)
    if told and settings.ENV.environment == "production":
        yield broken(about, f"set, and only for trying out: {told}")
    else:
        yield ready(about, f"a stand-in is named: {told}" if told else "no stand-in is named")


def static_files() -> Iterator[Line]:
    wrong = "" if static_is_there() else "are not collected; run `manage.py collectstatic`"
    yield judged("Static files", wrong, "are there")
