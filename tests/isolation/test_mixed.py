"""Eight threads of one process, kept connections, both schools: reads, scans and pages never show another's things.

MIXED_REQUESTS says how many each thread asks for; `make check-all` and `python -m bench mixed` ask for 2,000.
"""

import json
import os
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

from django.db import connections
from django.utils import timezone

from tenant_apps.gate.models import Scan
from tenants.scope import school_scope
from tests.isolation.test_routes import bearer_client, cookie_client, text_of

THREADS = 8
EACH = int(os.environ.get("MIXED_REQUESTS", "100"))


class Caller:
    """One school's people as a thread meets them: what they ask for, and what they may see of it."""

    def __init__(self, cast, other):
        self.cast, self.other = cast, other
        self.officer = bearer_client(cast.email("officer"))
        self.admin = bearer_client(cast.email("admin"))
        self.browser = cookie_client(cast.email("admin"))

    def learners(self, chance):
        return self.admin.get("/api/learners")

    def record(self, chance):
        return self.admin.get(f"/api/learners/{chance.choice(self.cast.learners).id}")

    def others_record(self, chance):
        answer = self.admin.get(f"/api/learners/{chance.choice(self.other.learners).id}")
        assert answer.status_code == 404
        return answer

    def on_site(self, chance):
        return self.officer.get("/api/gate/on-site")

    def scan(self, chance):
        body = {
            "scan_id": str(uuid4()), "badge": chance.choice(list(self.cast.badges.values())),
            "gate": str(self.cast.gates[0].id), "direction": "auto", "scanned_at": timezone.now().isoformat(),
        }  # fmt: skip
        return self.officer.post("/api/gate/scans", json.dumps(body), content_type="application/json")

    def others_badge(self, chance):
        body = {
            "scan_id": str(uuid4()), "badge": chance.choice(list(self.other.badges.values())),
            "gate": str(self.cast.gates[0].id), "direction": "auto", "scanned_at": timezone.now().isoformat(),
        }  # fmt: skip
        answer = self.officer.post("/api/gate/scans", json.dumps(body), content_type="application/json")
        assert answer.json()["verdict"] == "refused"
        return answer

    def page(self, chance):
        return self.browser.get(f"/s/{self.cast.slug}/{chance.choice(['', 'learners', 'register'])}")

    def others_page(self, chance):
        answer = self.browser.get(f"/s/{self.other.slug}/learners")
        assert answer.status_code == 403
        return answer


OWN = (Caller.learners, Caller.record, Caller.scan, Caller.on_site, Caller.page)
ALL = (*OWN, Caller.scan, Caller.others_record, Caller.others_badge, Caller.others_page)


def test_eight_threads_of_mixed_requests_never_meet(committed, kept):
    casts = committed()
    pairs = [(casts[0], casts[1]), (casts[1], casts[0])]
    wrong, done, scanned = [], Counter(), Counter()

    def visit(number):
        chance = random.Random(number)
        callers = [Caller(*pair) for pair in pairs]
        for _ in range(EACH):
            caller, ask = chance.choice(callers), chance.choice(ALL)
            answer = ask(caller, chance)
            text = text_of(answer)
            if caller.other.canary in text or (ask in OWN and answer.status_code not in (200, 201)):
                wrong.append((number, ask.__name__, answer.status_code))
            if ask in (Caller.learners, Caller.record) and caller.cast.canary not in text:
                wrong.append((number, ask.__name__, "its own are missing"))
            done[ask.__name__] += 1
            scanned[caller.cast.slug] += ask in (Caller.scan, Caller.others_badge)
        connections.close_all()

    with ThreadPoolExecutor(THREADS) as crowd:
        for one in [crowd.submit(visit, number) for number in range(THREADS)]:
            one.result()
    assert wrong == []
    assert sum(done.values()) == THREADS * EACH and set(done) == {ask.__name__ for ask in ALL}
    for cast in casts:
        with school_scope(cast.ref):
            assert Scan.objects.count() == scanned[cast.slug]
            mine = Scan.objects.exclude(learner=None)
            assert set(mine.values_list("learner__family_name", flat=True)) == {cast.canary}
