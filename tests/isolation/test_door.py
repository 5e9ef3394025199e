"""What a door refuses before anything else is looked at, whatever roles somebody claims to hold."""

from types import SimpleNamespace

import pytest
from django.http import StreamingHttpResponse

from tenant_apps.people.models import Learner
from tenants.actor import Actor
from tenants.door import Policy, StreamInScope, Within, admit, chunk, page
from tenants.permissions import Permission
from tenants.problems import Refusal

SCHOOL = Policy(Permission.LEARNERS_READ, Within.SCHOOL, None, None, None)
PLATFORM = Policy(Permission.LEARNERS_READ, Within.PLATFORM, None, None, None)
STEP_UP = Policy(Permission.ACCOUNT, Within.ACCOUNT, "sessions.revoke", None, None)


def refused(policy, **traits):
    actor = Actor(kind="person", roles=frozenset({"school_admin"}), **{"scope": "school", **traits})
    with pytest.raises(Refusal) as refusal:
        admit(SimpleNamespace(actor=actor), policy)
    return refusal.value.status, refusal.value.code


@pytest.mark.parametrize("within", [Within.SCHOOL, Within.CHUNKS])
def test_a_schools_door_wants_somebody_of_a_school(within):
    policy = Policy(Permission.LEARNERS_READ, within, None, None, None)
    assert refused(policy, scope="platform") == (403, "forbidden")


def test_a_platform_door_wants_somebody_of_the_platform():
    assert refused(PLATFORM) == (403, "forbidden")


def test_a_temporary_password_opens_nothing_but_what_says_so():
    assert refused(SCHOOL, must_change_password=True) == (403, "password_change_required")


def test_a_door_that_asks_for_a_fresh_proof_stays_shut_without_one():
    assert refused(STEP_UP) == (403, "step_up_required")


def test_nobody_is_let_in_without_a_permission_to_ask_for():
    with pytest.raises(TypeError):
        Policy(None, Within.SCHOOL, None, None, None)


def test_a_stream_inside_a_scope_is_refused(greenfield):
    """Whoever consumes it would do so after the scope; a stream that was read before it left is another thing."""

    @page(permission=Permission.LEARNERS_READ, within=Within.SCHOOL, audit=None)
    def leaky(request):
        return StreamingHttpResponse(row.given_name for row in Learner.objects.all())

    @page(permission=Permission.LEARNERS_READ, within=Within.CHUNKS, audit=None)
    def materialised(request):
        with chunk(request):
            names = list(Learner.objects.values_list("given_name", flat=True))
        return StreamingHttpResponse(iter(names))

    actor = Actor("person", "school", frozenset({"school_admin"}), greenfield.ref)
    with pytest.raises(StreamInScope):
        leaky(SimpleNamespace(actor=actor))
    assert b"".join(materialised(SimpleNamespace(actor=actor)).streaming_content).startswith(b"Learner")
