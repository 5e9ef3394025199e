"""Seal keys: apart from token keys, changeable, and there for an installation that was told none."""

import base64
import secrets

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from config import auditing
from tenant_apps.events import jobs
from tenants import keyring, seals
from tenants.ledger import Torn
from tests.seals.history import happen
from tests.world import MORNING


def seed():
    return base64.b64encode(secrets.token_bytes(32)).decode()


def signed():
    return seals.signed("x", seals.beginning("x"), now=MORNING)


def test_the_first_signs_and_all_verify(settings):
    one, two = seed(), seed()
    settings.SEAL_KEYS = f"a:{one}"
    old = signed()
    settings.SEAL_KEYS = f"b:{two},a:{one}"
    assert signed().kid == "b" and old.kid == "a"
    assert seals.genuine(old, seals.verifying_keys()) and seals.genuine(signed(), seals.verifying_keys())
    settings.SEAL_KEYS = f"b:{two}"
    assert not seals.genuine(old, seals.verifying_keys())


def test_a_signature_is_over_every_word(settings):
    one, keys = signed(), seals.verifying_keys()
    for change in ({"whose": "y"}, {"size": 1}, {"root": bytes(32)}, {"chain": bytes(32)}, {"signature": bytes(64)}):
        assert not seals.genuine(seals.Statement(**{**vars(one), **change}), keys), change
    another = Ed25519PrivateKey.generate().public_key()
    assert not seals.genuine(one, {one.kid: another})


def test_seals_are_not_signed_with_a_token_key(settings):
    tokens = {key.public_bytes_raw() for key in keyring.public_keys(settings.TOKEN_KEYS).values()}
    assert not tokens & {key.public_bytes_raw() for key in seals.verifying_keys().values()}


def test_an_installation_without_one_has_its_own_and_may_move_on(settings):
    settings.SEAL_KEYS = ""
    old = signed()
    assert old.kid.startswith("d") and seals.genuine(signed(), seals.verifying_keys())
    settings.SEAL_KEYS = f"s1:{seed()}"
    assert not seals.genuine(old, seals.verifying_keys())
    settings.SEAL_KEYS += ",derived"
    assert signed().kid == "s1" and seals.genuine(old, seals.verifying_keys())
    settings.SEAL_KEYS, settings.KEK = "", seed()
    assert signed().kid != old.kid


def test_a_history_goes_on_under_a_new_key_and_not_under_a_stranger_s(greenfield, settings):
    settings.SEAL_KEYS = f"a:{(one := seed())}"
    happen(greenfield, 2)
    jobs.seal(school=greenfield.ref)
    settings.SEAL_KEYS = f"b:{seed()},a:{one}"
    happen(greenfield, 2)
    jobs.seal(school=greenfield.ref)
    report = auditing.of_school(greenfield.ref).checked()
    assert report.good and report.vouched == 4
    settings.SEAL_KEYS = f"c:{seed()}"
    happen(greenfield, 1)
    with pytest.raises(Torn):
        jobs.seal(school=greenfield.ref)
