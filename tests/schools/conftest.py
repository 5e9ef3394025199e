"""A browser without a browser: the cookie, and the token against forgery for what is posted."""

import pytest
from django.test import Client

from tests import world


@pytest.fixture
def browse():
    """`browse("operator@example.com")`: somebody who signed in on the sign-in page; `.send(path, **fields)` posts."""

    def sign_in(email="operator@example.com"):
        client = Client(enforce_csrf_checks=True)
        client.get("/login")

        def send(path, headers=None, **fields):
            token = client.cookies["csrftoken"].value
            return client.post(path, {**fields, "csrfmiddlewaretoken": token}, headers=headers)

        client.send = send
        assert send("/login", email=email, password=world.PASSWORD).status_code == 302
        return client

    return sign_in
