"""From where a caller comes: told by the connection, or by a proxy that is trusted, and by nobody else."""

from datetime import timedelta

import pytest
from django.test import Client, RequestFactory
from django.utils import timezone

from shared_apps.identity.models import Asking, SignInFailure
from shared_apps.identity.services import throttle
from tenants.addresses import networks
from tenants.network import network_of
from tests.access.people import SAID
from tests.identity.people import post, problem

on_database = pytest.mark.django_db(databases=["default", "schools"])
PROXIES = "10.0.0.0/8, fd00::/8"
ADMIN = "admin@greenfield.example"


def asked(peer, forwarded=None):
    more = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    return network_of(RequestFactory().get("/", REMOTE_ADDR=peer, **more))


@pytest.mark.parametrize(
    ("peer", "forwarded", "network"),
    [
        ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "198.51.100.7, 10.9.9.9", "198.51.100.7"),
        ("10.0.0.1", "192.0.2.66, 198.51.100.7", "198.51.100.7"),  # what the caller wrote stands to the left
        ("10.0.0.1", "192.0.2.66, 198.51.100.7, 10.9.9.9", "198.51.100.7"),
        ("10.0.0.1", "10.0.0.2,10.0.0.3", "10.0.0.2"),  # somebody of the house
        ("10.0.0.1", "198.51.100.7:50123", "198.51.100.7"),
        ("10.0.0.1", "[2001:db8:1:2::9]:443", "2001:db8:1:2::/64"),
        ("10.0.0.1", "nobody, 198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "198.51.100.7, unknown", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", None, "10.0.0.1"),
        ("fd00::5", "198.51.100.7", "198.51.100.7"),
        ("::ffff:10.0.0.1", "::ffff:198.51.100.7", "198.51.100.7"),
        ("198.51.100.7", "192.0.2.66", "198.51.100.7"),  # no proxy of ours: what it says is nothing
        ("198.51.100.7", "10.0.0.1, 192.0.2.66", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", None, "2001:db8:1:2::/64"),
        ("fe80::1%eth0", None, "fe80::/64"),
        ("", "192.0.2.66", ""),
    ],
)
def test_the_last_address_that_no_proxy_of_ours_has_is_the_callers(settings, peer, forwarded, network):
    settings.TRUSTED_PROXIES = networks(PROXIES)
    assert asked(peer, forwarded) == network


@pytest.mark.parametrize("text", ["", "none", " none "])
def test_nobody_is_trusted_who_is_not_named(settings, text):
    settings.TRUSTED_PROXIES = networks(text)
    assert asked("10.0.0.1", "192.0.2.66") == "10.0.0.1"


@pytest.mark.parametrize("text", ["none, 10.0.0.0/8", "10.0.0.1/8", "proxy.example", "10.0.0.0/8 192.0.2.0/24"])
def test_what_is_no_network_is_refused(text):
    with pytest.raises(ValueError):
        networks(text)


# -- what is slowed by it ----------------------------------------------------------------------------------------------


def ask(number, **headers):
    return post("/api/auth/request-access", {**SAID, "work_email": f"n{number}@x.example"}, client=Client(**headers))


def ask_on_page(number, **headers):
    return Client().post("/request-access", {**SAID, "work_email": f"n{number}@x.example"}, **headers)


def forget(number, **headers):
    return Client().post("/forgot-password", {"email": f"n{number}@x.example"}, **headers)


DOORS = [ask, ask_on_page, forget]


def ask_for(door, addresses):
    """The answers to one call of each address, a proxy in between."""
    named = [{"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": one} for one in addresses]
    return [door(number, **one).status_code for number, one in enumerate(named)]


@on_database
@pytest.mark.parametrize("door", DOORS)
def test_one_caller_behind_the_proxy_shuts_nobody_else_out(settings, door):
    settings.TRUSTED_PROXIES = networks(PROXIES)
    answers = ask_for(door, ["198.51.100.7"] * 61 + ["198.51.100.8"])
    assert set(answers[:60]) <= {202, 302} and answers[60] == 429 and answers[61] in (202, 302)


@on_database
def test_a_forged_header_from_somebody_untrusted_buys_no_try(settings):
    settings.TRUSTED_PROXIES = networks("192.0.2.0/24")
    answers = ask_for(forget, [f"198.51.100.{number}" for number in range(61)])
    assert set(answers[:60]) <= {202, 302} and answers[60] == 429


@on_database
def test_seventy_addresses_of_one_subscriber_are_one():
    answers = [forget(number, REMOTE_ADDR=f"2001:db8:7:7::{number:x}").status_code for number in range(70)]
    assert set(answers[:60]) <= {202, 302} and set(answers[60:]) == {429}
    assert forget(71, REMOTE_ADDR="2001:db8:7:8::1").status_code == 302


@on_database
@pytest.mark.parametrize("sign_in", ["/api/auth/login", "/login"])
def test_a_failed_sign_in_counts_for_the_callers_network(settings, sign_in):
    settings.TRUSTED_PROXIES = networks(PROXIES)
    told = {"email": ADMIN, "password": "wrong"}
    caller = Client(REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR="2001:db8:7:7::5")
    answer = post(sign_in, told, client=caller) if sign_in.startswith("/api") else caller.post(sign_in, told)
    assert answer.status_code == 401
    assert bytes(SignInFailure.objects.get().network) == throttle.network_key("2001:db8:7:7::/64")


@on_database
@pytest.mark.parametrize(("door", "field"), [("/api/auth/request-access", "work_email"), ("/forgot-password", "email")])
def test_twenty_spellings_of_one_mailbox_are_one(door, field):
    said = SAID if field == "work_email" else {}
    bodies = [{**said, field: f"Naledi+{number}@x.example"} for number in range(20)]
    answers = [(post(door, body) if said else Client().post(door, body)).status_code for body in bodies]
    assert set(answers[:5]) <= {202, 302} and set(answers[5:]) == {429}
    plain = {**said, field: "naledi@x.example"}
    refused = post(door, plain) if said else Client().post(door, plain)
    assert refused.status_code == 429
    if said:
        problem(refused, 429, "too_many_requests")
    assert Asking.objects.filter(at__gt=timezone.now() - timedelta(days=1)).count() >= 5
