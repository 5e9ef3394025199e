"""What a production installation must be told before it may serve anybody. Pure: values in, faults out.

No fault repeats a value: most of them are secrets.
"""

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import urlsplit

from tenants import addresses, vapid

LONG_ENOUGH = 32  # characters of SECRET_KEY, bytes of every other key
SMALL_ENOUGH = 8  # bits that all addresses of a trusted network share
VARIED_ENOUGH = 12  # different characters of SECRET_KEY, different bytes of every other key
DERIVED = "derived"  # in SEAL_KEYS: the key that an installation without any has from its KEK
ELSEWHERE = ("PUSH_ALLOW", "WHATSAPP_BASE_URL", "SMS_BASE_URL")  # send to a stand-in: never in production
DATABASES = ("PLATFORM_DATABASE_URL", "SCHOOLS_DATABASE_URL")

Check = Callable[[str], str]  # what is wrong with a value; empty when nothing is


def secret_key(text: str) -> str:
    if len(text) < LONG_ENOUGH:
        return f"is shorter than {LONG_ENOUGH} characters"
    return "is too easy to guess" if len(set(text)) < VARIED_ENOUGH or "insecure" in text.lower() else ""


def kek(text: str) -> str:
    return "" if _is_key(text) else "is not 32 random bytes in base64"


def key_list(text: str) -> str:
    pairs = [pair.partition(":") for pair in text.split(",")]
    if all(kid.strip() and _is_key(key) for kid, _, key in pairs):
        return "" if len({kid.strip() for kid, *_ in pairs}) == len(pairs) else "names one kid twice"
    return "is not a comma list of kid:base64 of 32 random bytes"


def seal_keys(text: str) -> str:
    told = [pair for pair in text.split(",") if pair.strip() != DERIVED]
    return key_list(",".join(told)) if text and told else ""


def vapid_key(text: str) -> str:
    try:
        vapid.private_key(text)
    except ValueError:
        return "is no P-256 key in PEM or base64url; `manage.py vapid` makes one"
    return ""


def email_url(text: str) -> str:
    parts = urlsplit(text)
    return "" if parts.scheme in ("smtp", "smtps") and parts.hostname else "is not smtp://… or smtps://…"


def public_url(text: str) -> str:
    parts = urlsplit(text)
    return "" if parts.scheme == "https" and parts.hostname else "does not start with https://"


def allowed_hosts(text: str) -> str:
    hosts = [host.strip() for host in text.split(",") if host.strip()]
    return "" if hosts and not any("*" in host or host.startswith(".") for host in hosts) else "must name each host"


def trusted_proxies(text: str) -> str:
    try:
        told = addresses.networks(text)
    except ValueError:
        return "is neither `none` nor a comma list of networks"
    return "holds more than a network of proxies" if any(one.prefixlen < SMALL_ENOUGH for one in told) else ""


NEEDED: Mapping[str, Check] = {
    "SECRET_KEY": secret_key, "KEK": kek, "TOKEN_KEYS": key_list, "VAPID_PRIVATE_KEY": vapid_key,
    "EMAIL_URL": email_url, "PUBLIC_URL": public_url, "ALLOWED_HOSTS": allowed_hosts,
}  # fmt: skip
RIGHT_WHERE_SET: Mapping[str, Check] = {
    "SEAL_KEYS": seal_keys, "METRICS_TOKEN": secret_key, "TRUSTED_PROXIES": trusted_proxies,
}  # fmt: skip


def faults(values: Mapping[str, str], *, migrator: bool, local: Mapping[str, str]) -> Iterator[str]:
    """One phrase per thing that production cannot start with. `local` are the values of a local installation here."""
    for name in (*DATABASES, *(["MIGRATOR_DATABASE_URL"] if migrator else [])):
        if not values.get(name):
            yield f"{name} is not set"
    for name, check in NEEDED.items():
        text = values.get(name, "")
        wrong = check(text) if text else "is not set"
        if wrong:
            yield f"{name} {wrong}"
        elif name in SECRET and text == local.get(name):
            yield f"{name} is the one of the local installation in this folder"
    for name, check in RIGHT_WHERE_SET.items():
        wrong = check(values[name]) if values.get(name) else ""
        if wrong:
            yield f"{name} {wrong}"
    host = urlsplit(values.get("PUBLIC_URL", "")).hostname
    if host and values.get("ALLOWED_HOSTS") and host not in [one.strip() for one in values["ALLOWED_HOSTS"].split(",")]:
        yield "ALLOWED_HOSTS does not hold the host of PUBLIC_URL"
    yield from (f"{name} is for trying out and must not be set" for name in ELSEWHERE if values.get(name))


SECRET = ("SECRET_KEY", "KEK", "TOKEN_KEYS", "VAPID_PRIVATE_KEY")


def _is_key(text: str) -> bool:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return len(raw) == LONG_ENOUGH and len(set(raw)) >= VARIED_ENOUGH
