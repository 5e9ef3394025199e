"""Onboarding with the product's own processes: a call, a provisioner, a worker, and a school that its admin can use."""

import pytest

from tests.processes import eventually, provisioner, worker
from tests.schools.acts import BODY, OPERATOR, post

pytestmark = pytest.mark.processes


def test_a_call_becomes_a_school(real_commits, signed_in, tmp_path):
    client = signed_in(OPERATOR)
    begun = post(client).json()

    def ended():
        now = client.get(f"/api/operator/onboardings/{begun['id']}").json()
        return now["state"] != "running" and now

    with provisioner(real_commits, tmp_path / "provisioner.log") as one, worker(real_commits, tmp_path / "w.log"):
        told = eventually(ended, "the end of the onboarding", log=one.log)
    assert told["state"] == "complete", told
    assert [(step["name"], step["state"], step["attempts"]) for step in told["steps"]] == [
        ("create_school", "done", 1), ("create_admin", "done", 1), ("provisioned", "done", 1)
    ]  # fmt: skip
    assert told["school"]["slug"] == "hoerskool-karoorand" and told["school"]["state"] == "active"
    (made,) = begun["passwords"]
    assert made["email"] == BODY["admin"]["email"]
    entered = client.post(
        "/api/auth/login", {"email": made["email"], "password": made["temporary_password"]},
        content_type="application/json",
    )  # fmt: skip
    assert entered.status_code == 200 and entered.json()["school"]["slug"] == "hoerskool-karoorand"
