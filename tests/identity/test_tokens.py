"""What counts as a token of ours, and everything that does not."""

import base64
import json
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.utils import timezone

from tenants import token
from tests.identity.people import ADMIN, OPERATOR, bearer, browser, problem, tokens_of

pytestmark = pytest.mark.django_db(databases=["default", "schools"])


@pytest.fixture
def good():
    """A good access token's claims, and the key that signs."""
    opened = tokens_of(ADMIN)
    claims = jwt.decode(opened["access_token"], options={"verify_signature": False})
    kid, seed = settings.TOKEN_KEYS.split(",")[0].split(":", 1)
    return claims, kid, Ed25519PrivateKey.from_private_bytes(base64.b64decode(seed))


def forge(good, *, key=None, alg="EdDSA", without=(), header=None, **changed):
    claims, kid, ours = good
    body = {name: value for name, value in {**claims, **changed}.items() if name not in without}
    signer = key or (ours if alg == "EdDSA" else None)
    return jwt.encode(body, signer, algorithm=alg, headers={"kid": kid, "typ": "at+jwt", **(header or {})})


def refused(text: str) -> None:
    problem(bearer(text).get("/api/me"), 401, "token_invalid")


def test_what_we_sign_ourselves_is_good(good):
    assert bearer(forge(good)).get("/api/me").status_code == 200


@pytest.mark.parametrize("claim", token.CLAIMS)
def test_every_claim_is_required(good, claim):
    refused(forge(good, without=(claim,)))


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "another"}, {"aud": ["another"]}, {"iss": "https://elsewhere.example"},
        {"exp": 1}, {"exp": "soon"}, {"iat": 32503680000}, {"sub": "nobody"}, {"sub": 7}, {"sid": None},
        {"sid": "00000000-0000-7000-8000-000000000000"}, {"sub": "00000000-0000-7000-8000-000000000000"},
        {"roles": "school_admin"}, {"school": None}, {"school": "00000000-0000-7000-8000-000000000000"},
        {"school": ["x"]},
    ],
    ids=str,
)  # fmt: skip
def test_a_claim_that_is_not_right_is_refused_even_when_signed(good, changed):
    refused(forge(good, **changed))


def test_another_schools_id_in_a_signed_token_opens_nothing(good, riverside):
    refused(forge(good, school=str(riverside.ref.id)))


def test_roles_are_read_from_the_platform_not_believed(good):
    me = bearer(forge(good, roles=["super_admin"], scope="platform")).get("/api/me").json()
    assert (me["roles"], me["scope"]) == (["school_admin"], "school")


def test_an_unsigned_token_is_refused(good):
    refused(forge(good, key=None, alg="none"))
    for alg in ("none", "None", "NONE"):
        head = base64.urlsafe_b64encode(json.dumps({"alg": alg, "typ": "at+jwt", "kid": good[1]}).encode())
        middle = forge(good).split(".")[1]
        refused(f"{head.decode().rstrip('=')}.{middle}.")


def test_the_public_key_is_no_shared_secret(good):
    public = good[2].public_key()
    for secret in (public.public_bytes(Encoding.Raw, PublicFormat.Raw), b"k1"):
        refused(forge(good, key=secret + b"\0" * 32, alg="HS256"))
        refused(forge(good, key=(secret * 3)[:32], alg="HS256"))


@pytest.mark.parametrize("kid", ["k2", "", None, "../k1", ["k1"]])
def test_a_key_of_another_name_is_refused(good, kid):
    head = {"alg": "EdDSA", "typ": "at+jwt"} | ({"kid": kid} if kid is not None else {})
    claims, _, ours = good
    first = base64.urlsafe_b64encode(json.dumps(head).encode()).decode().rstrip("=")
    middle = forge(good).split(".")[1]
    signature = base64.urlsafe_b64encode(ours.sign(f"{first}.{middle}".encode())).decode().rstrip("=")
    refused(f"{first}.{middle}.{signature}")


def test_somebody_elses_key_is_refused(good):
    refused(forge(good, key=Ed25519PrivateKey.generate()))


@pytest.mark.parametrize("typ", ["JWT", "session+jwt", "AT+JWT", "", "refresh+jwt"])
def test_another_kind_of_token_is_no_bearer(good, typ):
    refused(forge(good, header={"typ": typ}))


@pytest.mark.parametrize("extra", [{"crit": ["exp"]}, {"jku": "https://x.example"}, {"jwk": {}}, {"b64": False}])
def test_headers_we_never_write_are_refused(good, extra):
    refused(forge(good, header=extra))


def test_a_browsers_token_is_no_bearer_and_a_bearer_no_cookie():
    inside = browser(ADMIN)
    assert inside.get("/api/me").status_code == 200
    refused(inside.cookies[settings.SESSION_COOKIE].value)
    inside.cookies[settings.SESSION_COOKIE] = tokens_of(ADMIN)["access_token"]
    problem(inside.get("/api/me"), 401, "token_invalid")


def test_a_refresh_token_is_no_bearer():
    refused(tokens_of(ADMIN)["refresh_token"])


def test_a_changed_payload_is_refused(good):
    first, middle, last = forge(good).split(".")
    other = forge(good, roles=["operator"]).split(".")[1]
    refused(f"{first}.{other}.{last}")
    for broken in (f"{first}.{middle}", f"{first}.{middle}.", f"{first}.{middle}.{last[:-4]}AAAA", f".{middle}.{last}"):
        refused(broken)


@pytest.mark.parametrize("text", ["", ".", "...", "nonsense", "é.ü.ö", "a.b.c", "Zm9v.Zm9v.Zm9v", " "])
def test_nonsense_is_refused(text):
    refused(text)


def test_a_header_nested_without_end_is_refused():
    deep = base64.urlsafe_b64encode(b"[" * 60_000).decode().rstrip("=")
    refused(f"{deep}.e30.e30")


def test_an_old_token_is_refused():
    opened = tokens_of(OPERATOR)
    claims = token.verify(opened["access_token"], typ=token.ACCESS)
    refused(token.sign(claims, typ=token.ACCESS, now=timezone.now() - timedelta(minutes=16)))
    with pytest.raises(token.BadToken):
        token.verify(token.sign(claims, typ=token.ACCESS, now=datetime(2020, 1, 1, tzinfo=UTC)), typ=token.ACCESS)


def test_a_second_key_verifies_while_the_first_signs(settings):
    seeds = [base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2)]
    claims = token.verify(tokens_of(ADMIN)["access_token"], typ=token.ACCESS)
    settings.TOKEN_KEYS = f"old:{seeds[0]}"
    old = token.sign(claims, typ=token.ACCESS, now=timezone.now())
    settings.TOKEN_KEYS = f"new:{seeds[1]},old:{seeds[0]}"
    assert token.verify(old, typ=token.ACCESS) == claims
    assert jwt.get_unverified_header(token.sign(claims, typ=token.ACCESS, now=timezone.now()))["kid"] == "new"
    settings.TOKEN_KEYS = f"new:{seeds[1]}"
    with pytest.raises(token.BadToken):
        token.verify(old, typ=token.ACCESS)
