"""Signed tokens. One wrapper around PyJWT: EdDSA only, every claim required, `typ` checked by us."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
from django.conf import settings

from tenants.ids import new_id, parse_id
from tenants.keyring import private_keys, public_keys

ACCESS = "at+jwt"
BROWSER = "session+jwt"
AUDIENCE = "mysentinel"
LIVES = {ACCESS: timedelta(minutes=15), BROWSER: timedelta(hours=12)}
CLAIMS = ["iss", "aud", "sub", "sid", "scope", "school", "roles", "iat", "exp", "jti"]


class BadToken(ValueError):
    """A token that is missing, malformed, expired, of the wrong kind or not ours."""


@dataclass(frozen=True)
class Claims:
    login: UUID
    session: UUID
    scope: str
    school: UUID | None
    roles: tuple[str, ...]
    expires_at: datetime = datetime.max.replace(tzinfo=UTC)


def sign(claims: Claims, *, typ: str, now: datetime) -> str:
    """A token of kind `typ` that lives for `LIVES[typ]` from `now`."""
    kid, key = next(iter(private_keys(settings.TOKEN_KEYS).items()))
    body: dict[str, Any] = {
        "iss": settings.PUBLIC_URL,
        "aud": AUDIENCE,
        "sub": str(claims.login),
        "sid": str(claims.session),
        "scope": claims.scope,
        "school": str(claims.school) if claims.school else None,
        "roles": list(claims.roles),
        "iat": int(now.timestamp()),
        "exp": int((now + LIVES[typ]).timestamp()),
        "jti": str(new_id()),
    }
    return jwt.encode(body, key, algorithm="EdDSA", headers={"kid": kid, "typ": typ})


def verify(token: str, *, typ: str) -> Claims:
    """The claims of a good token. Raises BadToken for anything else."""
    try:
        header = jwt.get_unverified_header(token)
        if header.get("typ") != typ or set(header) - {"alg", "typ", "kid"}:
            raise BadToken("typ")
        key = public_keys(settings.TOKEN_KEYS).get(str(header.get("kid")))
        if key is None:
            raise BadToken("kid")
        # `school` is null for platform people, which PyJWT's `require` counts as missing: checked below.
        body = jwt.decode(
            token, key, algorithms=["EdDSA"], audience=AUDIENCE, issuer=settings.PUBLIC_URL,
            options={"require": [claim for claim in CLAIMS if claim != "school"]},
        )  # fmt: skip
    except (jwt.PyJWTError, ValueError, RecursionError) as error:  # deep nesting and bad Unicode are not PyJWT's own
        raise BadToken(type(error).__name__) from None
    return _claims(body)


def issued_at(verified: str) -> datetime:
    """When a token that `verify` accepted was signed (aware UTC)."""
    body = jwt.decode(verified, options={"verify_signature": False})
    return datetime.fromtimestamp(body["iat"], UTC)


def _claims(body: dict[str, Any]) -> Claims:
    login, session = parse_id(body["sub"]), parse_id(body["sid"])
    school = parse_id(body["school"]) if body.get("school") else None
    if login is None or session is None or "school" not in body or not isinstance(body["roles"], list):
        raise BadToken("claims")
    until = datetime.fromtimestamp(body["exp"], UTC)
    return Claims(login, session, str(body["scope"]), school, tuple(map(str, body["roles"])), until)
