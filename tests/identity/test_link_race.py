"""One link, two who open it at the same moment: it sets one password."""

import threading
from contextlib import suppress

from django.db import connections
from django.utils import timezone

from shared_apps.identity.models import Link
from shared_apps.identity.services import links, sign_in
from tenants.problems import Refusal
from tests.identity.people import ADMIN, log_in, login_of

PASSWORDS = ("quiet river walks home", "an early bird sings twice")
MOMENT = 1.0  # seconds in which the other would get as far, were nothing in its way


def test_two_at_once_set_one_password(real_commits, monkeypatch):
    secret = links.invite(login_of(ADMIN), by="test", now=timezone.now()).rpartition("/")[2]
    start, both_read, came = threading.Barrier(2), threading.Barrier(2), {}

    def put_once_both_have_read(**told):
        with suppress(threading.BrokenBarrierError):
            both_read.wait(MOMENT)
        sign_in.put_password(**told)

    def redeem(password):
        try:
            start.wait(10)
            links.redeem(secret, new=password, now=timezone.now())
            came[password] = "set"
        except Refusal as refusal:
            came[password] = refusal.code
        finally:
            connections.close_all()

    monkeypatch.setattr(links, "put_password", put_once_both_have_read)
    threads = [threading.Thread(target=redeem, args=(password,)) for password in PASSWORDS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(came.values()) == ["link_spent", "set"]
    (kept,) = (password for password, what in came.items() if what == "set")
    assert [log_in(ADMIN, password).status_code == 200 for password in PASSWORDS] == [one == kept for one in PASSWORDS]
    assert Link.objects.filter(used_at=None).count() == 0
