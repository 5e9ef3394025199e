"""Each secret, used once for what it is there for."""

from collections.abc import Iterator

import jwt
from django.conf import settings
from django.core import signing
from django.utils import timezone

from config import complete, env
from config.probes.lines import Line, broken, judged, missing, ready
from shared_apps.audit.services.sealing import BOOK
from tenants import cells, preflight, seals, token, vapid
from tenants.ids import new_id
from tenants.keyring import private_keys
from tenants.ledger import newest
from tenants.mail import domain


def _local_ones(name: str, text: str) -> str:
    """The secrets that `make demo` made lie in a folder, and outside local they are nobody's secrets."""
    known = {} if settings.ENV.local else env.read_local()
    return "is the one of the local installation in this folder" if text == known.get(name) else ""


def _text_fault(name: str, text: str, check: complete.Check) -> str:
    return check(text) or _local_ones(name, text)


def secret_key() -> Iterator[Line]:
    about, text = "SECRET_KEY", settings.SECRET_KEY
    wrong = _text_fault(about, text, complete.secret_key)
    if not wrong and signing.loads(signing.dumps("well", key=text), key=text) != "well":
        wrong = "does not read what it signed"
    yield judged(about, wrong, f"{len(text)} characters; signs and reads what it signed")


def kek() -> Iterator[Line]:
    """Every school's key must open under it, in every cell: nothing else can read what is sealed there."""
    wrong = _text_fault("KEK", settings.KEK, complete.kek)
    if wrong:
        yield broken("KEK", wrong)
        return
    found = preflight.school_keys()
    for alias in sorted({*found, *cells.aliases()}):
        opened, shut = found.get(alias, (0, 0))
        cell = f"KEK ({cells.name_of(alias)})"
        right = f"opens the keys of {opened} schools" if opened else "there is no school here yet"
        yield judged(cell, f"does not open the keys of {shut} schools of {opened + shut}" if shut else "", right)


def token_keys() -> Iterator[Line]:
    about, text = "TOKEN_KEYS", settings.TOKEN_KEYS
    wrong = _text_fault(about, text, complete.key_list)
    if wrong:
        yield broken(about, wrong)
        return
    claims = token.Claims(new_id(), new_id(), "platform", None, ())
    signed = token.sign(claims, typ=token.ACCESS, now=timezone.now())
    wrong = "" if token.verify(signed, typ=token.ACCESS).session == claims.session else "does not read what it signed"
    kids = list(private_keys(text))
    yield judged(about, wrong, f"{kids[0]} signs and verifies; {len(kids)} in the list")


def seal_keys() -> Iterator[Line]:
    """They must vouch for what was signed last, too: a lost key leaves a history nobody can prove."""
    about, text = "SEAL_KEYS", settings.SEAL_KEYS
    wrong = complete.seal_keys(text) or (_local_ones(about, text) if text else "")
    if wrong:
        yield broken(about, wrong)
        return
    head = seals.beginning(seals.PLATFORM)
    last = newest(BOOK)
    for statement in (seals.signed(seals.PLATFORM, head, now=timezone.now()), last):
        if statement and not seals.genuine(statement, seals.verifying_keys()):
            yield broken(about, f"do not vouch for the checkpoint that {statement.kid} signed")
            return
    if text:
        yield ready(about, "sign, and vouch for the newest checkpoint" if last else "sign; nothing is sealed yet")
    else:
        yield missing(about, "one is derived from KEK; a key of its own would outlive it", needed=False)


def vapid_key() -> Iterator[Line]:
    about, text = "VAPID_PRIVATE_KEY", settings.VAPID_PRIVATE_KEY
    if not text:
        yield missing(about, "app notifications need it; `manage.py vapid` makes one")
        return
    wrong = _text_fault(about, text, complete.vapid_key)
    if wrong:
        yield broken(about, wrong)
        return
    key = vapid.private_key(text)
    told = vapid.header(key, audience="https://push.example", subject=f"mailto:no-reply@{domain()}", now=timezone.now())
    signed = told.removeprefix("vapid t=").partition(",")[0]
    body = jwt.decode(signed, key.public_key(), algorithms=["ES256"], audience="https://push.example")
    yield judged(about, "" if body["sub"] else "makes no header", "makes a header that its public half verifies")
