"""POST /api/auth/login and what it opens."""

from django.test import Client


def test_an_admin_signs_in_and_is_known(signed_in, greenfield):
    me = signed_in("admin@greenfield.example").get("/api/me").json()
    assert me["school"]["slug"] == "greenfield"
    assert me["roles"] == ["school_admin"]
    assert greenfield.canary in me["name"]


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(greenfield):
    answers = []
    for email in ("admin@greenfield.example", "nobody@nowhere.example"):
        answer = Client().post(
            "/api/auth/login", {"email": email, "password": "wrong"}, content_type="application/json"
        )
        body = answer.json()
        body.pop("request_id")
        answers.append((answer.status_code, body))
    assert answers[0] == answers[1]
    assert answers[0][0] == 401 and answers[0][1]["code"] == "sign_in_failed"
