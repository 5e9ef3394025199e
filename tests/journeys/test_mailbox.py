"""From a scan posted to the web process, through a worker, to the guardian's mail in the local mailbox."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from tests import processes, world
from tests.journeys.acts import axe_clean, fits, snap

pytestmark = [pytest.mark.journey, pytest.mark.processes]


@pytest.mark.parametrize(("language", "width"), [("en", 1280), ("zu", 360)])
def test_a_scan_over_http_becomes_a_mail_somebody_can_read(live_site, visit, tmp_path, language, width):
    cast = world.read("greenfield")
    with processes.worker(live_site.database, tmp_path / "worker.log") as worker:
        page = visit(language=language, width=width)
        page.goto("/dev/mailbox")
        axe_clean(page)
        snap(page, f"mailbox-empty-{language}")
        officer = {"email": "officer@greenfield.example", "password": world.PASSWORD}
        signed_in = page.request.post("/api/auth/login", data=officer).json()
        for learner in cast.learners[:3]:
            answer = page.request.post(
                "/api/gate/scans",
                headers={"Authorization": f"Bearer {signed_in['access_token']}"},
                data={
                    "scan_id": str(uuid4()), "badge": cast.badges[learner.id], "gate": str(cast.gates[0].id),
                    "direction": "in", "scanned_at": datetime.now(UTC).isoformat(),
                },
            )  # fmt: skip
            assert answer.status == 201, answer.text()
        processes.eventually(
            lambda: len(page.request.get("/dev/mailbox.json").json()["items"]) == 3, "the mails", log=worker.log
        )
        page.goto("/dev/mailbox?to=guardian2@grfcanary.example")
        assert page.locator("article").count() == 1
        assert "Learner2 Grfcanary" in page.locator("article h2").inner_text()
        axe_clean(page)
        fits(page)
        page.goto("/dev/mailbox")
        snap(page, f"mailbox-{language}")
