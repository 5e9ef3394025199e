"""`manage.py verify_audit`, its export, and the verifier as somebody else would run it."""

import base64
import json
import shutil
import subprocess
import sys
from io import StringIO

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import CommandError, call_command

from shared_apps.audit import for_schools, jobs
from tenants import seals
from tests import plugin
from tests.seals.history import EACH, ROUNDS

ALL = ROUNDS * EACH


def run(**options):
    out = StringIO()
    call_command("verify_audit", stdout=out, **options)
    return out.getvalue()


def test_all_histories_are_checked(cast):
    jobs.seal()
    said = run()
    assert f"greenfield: {ALL} events are as they were sealed." in said
    assert "riverside: 0 events" in said and "platform: " in said
    assert run(all=True) == said
    assert run(school="greenfield").count("\n") == 1
    assert "greenfield" not in run(platform=True)


def test_a_school_nobody_knows_is_said(cast):
    with pytest.raises(CommandError, match="no school called nowhere"):
        run(school="nowhere")


def test_an_export_of_everything_is_refused(cast, tmp_path):
    with pytest.raises(CommandError, match="say which"):
        run(export=str(tmp_path / "x"))


def test_the_first_bad_number_is_named_and_the_command_fails(cast, intruder):
    intruder("UPDATE events_event SET body = body || ' ' FROM events_seal WHERE event_id = id AND seq = 9")
    out = StringIO()
    with pytest.raises(CommandError, match="1 history is not as sealed"):
        call_command("verify_audit", stdout=out)
    assert "greenfield: NOT PROVEN from number 9 on" in out.getvalue()


def test_a_history_that_cannot_be_read_is_not_proven_and_the_others_are_checked(cast, intruder, capsys):
    intruder("DROP TABLE events_seal")
    with pytest.raises(CommandError, match="1 history is not as sealed"):
        call_command("verify_audit")
    said = capsys.readouterr().out
    assert "greenfield: NOT PROVEN, it cannot be read: UndefinedTable (42P01)" in said
    assert "riverside: 0 events are as" in said and "platform: " in said


@pytest.fixture
def export(cast, tmp_path):
    path = tmp_path / "greenfield.jsonl"
    run(school="greenfield", export=str(path))
    return path


def alone(tmp_path, *words):
    """The one file, copied elsewhere, in a Python that sees nothing of the product."""
    copy = tmp_path / "elsewhere" / "verify.py"
    copy.parent.mkdir(exist_ok=True)
    shutil.copy(plugin.ROOT / "verifier" / "verify.py", copy)
    done = subprocess.run(
        [sys.executable, "-I", str(copy), *map(str, words)], capture_output=True, text=True, cwd=tmp_path, env={}
    )
    return done.returncode, done.stdout + done.stderr


def published():
    return [word for kid, key in seals.published_keys().items() for word in ("--key", f"{kid}:{key}")]


def kept_file(cast, tmp_path, **changes):
    path = tmp_path / "checkpoint.json"
    path.write_text(json.dumps(for_schools.newest_checkpoint(cast.ref.id).plain() | changes))
    return path


def test_the_verifier_needs_nothing_of_the_product(cast, export, tmp_path):
    status, said = alone(tmp_path, export, "--checkpoint", kept_file(cast, tmp_path), *published())
    assert status == 0, said
    assert f"{ALL} events are as they were sealed; {ALL} stand under signed checkpoints" in said


def test_it_says_when_it_believes_the_exports_own_keys(export, tmp_path):
    status, said = alone(tmp_path, export)
    assert status == 0 and "Believing the keys in the export itself" in said


def test_a_history_made_up_with_another_key_is_found_by_who_knows_ours(cast, export, tmp_path):
    """All of it is consistent, and the forger put the key in. Only a key from elsewhere tells."""
    forger = base64.b64encode(Ed25519PrivateKey.generate().public_key().public_bytes_raw()).decode()
    kid = next(iter(seals.published_keys()))
    status, said = alone(tmp_path, export, "--key", f"{kid}:{forger}")
    assert status == 1 and "NOT PROVEN from number 1 on" in said and "not signed by a known key" in said


def test_a_tail_cut_in_both_places_is_found_by_a_kept_checkpoint(cast, intruder, tmp_path):
    kept = kept_file(cast, tmp_path)
    intruder("DELETE FROM events_event USING events_seal WHERE event_id = id AND seq > 15")
    intruder("DELETE FROM events_seal WHERE seq > 15")
    intruder("DELETE FROM events_checkpoint WHERE size > 15")
    intruder("DELETE FROM public.audit_schoolcheckpoint WHERE size > 15")
    path = tmp_path / "cut.jsonl"
    run(school="greenfield", export=str(path))
    assert alone(tmp_path, path)[0] == 0
    status, said = alone(tmp_path, path, "--checkpoint", kept)
    assert status == 1 and "NOT PROVEN from number 16 on" in said


def test_another_schools_history_is_not_this_ones(cast, export, tmp_path):
    status, said = alone(tmp_path, export, "--whose", "01900000-0000-7000-8000-000000000000")
    assert status == 1 and "number 1 on" in said


def test_an_export_names_nobody(cast, export):
    assert cast.canary not in export.read_text()
