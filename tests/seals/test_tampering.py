"""Whatever somebody with every right but the key does to sealed history, it is found, and where."""

import pytest

from config import auditing
from tenant_apps.events import jobs
from tenants.ledger import Torn
from tests.seals.history import first_bad, happen
from tests.seals.tampering import (
    TAMPERINGS,
    cut_the_tail,
    cut_the_tail_at_a_checkpoint,
    fork,
    write_everything_anew,
)


def test_an_untouched_history_is_proven(cast, tmp_path):
    assert first_bad(cast, tmp_path) is None


@pytest.mark.parametrize("tamper", TAMPERINGS, ids=lambda tamper: tamper.__name__)
def test_it_is_found_and_the_first_bad_number_named(cast, intruder, tmp_path, tamper):
    assert first_bad(cast, tmp_path) is None
    expected = tamper(intruder)
    assert first_bad(cast, tmp_path) == expected


def test_a_fork_is_found(cast, intruder, tmp_path, real_commits):
    """Even one with real signatures: a restored backup, sealed on by somebody who tore the second place's row out."""
    fork(intruder)
    taken = intruder("DELETE FROM public.audit_schoolcheckpoint WHERE size > 10 RETURNING *")
    happen(cast, 10, 500)
    jobs.seal(school=cast.ref)
    assert first_bad(cast, tmp_path) is None, "nobody could know, but for the checkpoint that was kept elsewhere"
    intruder("DELETE FROM public.audit_schoolcheckpoint WHERE size > 10")
    columns = "id, school, size, root, chain, at, kid, signature"
    for row in taken:
        intruder(f"INSERT INTO public.audit_schoolcheckpoint ({columns}) VALUES (%s,%s,%s,%s,%s,%s,%s,%s)", *row)
    assert first_bad(cast, tmp_path) == 11


@pytest.mark.parametrize("tamper", [cut_the_tail, cut_the_tail_at_a_checkpoint, write_everything_anew, fork])
def test_a_torn_history_is_not_sealed_on(cast, intruder, tamper):
    tamper(intruder)
    happen(cast, 1)
    with pytest.raises(Torn):
        jobs.seal(school=cast.ref)


def test_a_column_beside_the_body_is_found(cast, intruder, tmp_path):
    """The body is what is sealed; whoever reads a column instead must be able to trust it."""
    for number, change in ((3, "kind = 'x'"), (2, "at = at + interval '1 s'"), (1, "actor = 'x'")):
        intruder(f"UPDATE events_event SET {change} FROM events_seal WHERE event_id = id AND seq = {number}")
        assert checked(cast).bad == number


def test_a_changed_particular_is_found(cast, intruder):
    intruder(
        "UPDATE events_particulars p SET values = jsonb_set(values, '{learner,value}', '\"x\"') FROM events_seal s"
        " WHERE s.event_id = p.event_id AND seq = 4"
    )
    assert checked(cast).bad == 4


def checked(cast):
    return auditing.of_school(cast.ref).checked()


def test_a_checkpoint_taken_away_is_found(cast, intruder, tmp_path):
    intruder("DELETE FROM events_checkpoint WHERE size = 10")
    assert first_bad(cast, tmp_path) == 6
    intruder("DELETE FROM public.audit_schoolcheckpoint WHERE size = 10")
    assert first_bad(cast, tmp_path) is None  # numbers 6 to 15 stand under the next one
    intruder("DELETE FROM public.audit_schoolcheckpoint WHERE size = 15")
    assert first_bad(cast, tmp_path) == 6
