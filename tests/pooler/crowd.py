"""A crowd at both schools' doors over kept connections; every answer is looked at, none is trusted."""

import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPConnection
from typing import Any
from uuid import uuid4

from tests import world

THREADS = 8


@dataclass
class Crowd:
    """Asks `port` as the officers of `casts`. `wrong` holds every answer that was not exactly one's own school's."""

    port: int
    casts: list[world.Cast]
    wrong: list[str] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)
    scanned: dict[str, set[str]] = field(default_factory=lambda: {slug: set() for slug in world.CANARY})
    tokens: dict[str, str] = field(default_factory=dict)
    own: threading.local = field(default_factory=threading.local)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, requests: int) -> None:
        for cast in self.casts:
            body = {"email": cast.email("officer"), "password": world.PASSWORD}
            self.tokens[cast.slug] = self._send("", "POST", "/api/auth/login", body)[1]["access_token"]
        with ThreadPoolExecutor(THREADS) as crowd:
            list(crowd.map(self._one, range(requests)))

    def _one(self, number: int) -> None:
        mine, theirs = self.casts[number % 2], self.casts[1 - number % 2]
        name, ask = self.WAYS[number // 2 % len(self.WAYS)]
        try:
            fault = ask(self, mine, theirs, number)
        except Exception as error:  # a broken answer is a wrong one
            fault = repr(error)
        with self.lock:
            self.asked[name] += 1
            if fault:
                self.wrong.append(f"{number} {mine.slug} {name}: {fault}")

    def _send(self, slug: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        wire: HTTPConnection | None = getattr(self.own, "wire", None)
        if wire is None:
            wire = self.own.wire = HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Content-Type": "application/json"}
        if slug:
            headers["Authorization"] = f"Bearer {self.tokens[slug]}"
        wire.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = wire.getresponse()
        return answer.status, json.loads(answer.read())

    # -- ways of asking: each returns what was wrong, or "" ------------------------------------------------------------

    def _list(self, mine: world.Cast, theirs: world.Cast, number: int) -> str:
        status, told = self._send(mine.slug, "GET", "/api/learners?state=all&limit=20")
        found = {(item["id"], mine.canary in item["name"]) for item in told["items"]}
        return "" if (status, found) == (200, {(str(one.id), True) for one in mine.learners}) else str(told)

    def _learner(self, mine: world.Cast, theirs: world.Cast, number: int) -> str:
        one = mine.learners[number % 8]
        status, told = self._send(mine.slug, "GET", f"/api/learners/{one.id}")
        return "" if (status, told["name"]) == (200, one.name) else str(told)

    def _stranger(self, mine: world.Cast, theirs: world.Cast, number: int) -> str:
        status, told = self._send(mine.slug, "GET", f"/api/learners/{theirs.learners[number % 8].id}")
        return "" if status == 404 else str(told)

    def _on_site(self, mine: world.Cast, theirs: world.Cast, number: int) -> str:
        status, told = self._send(mine.slug, "GET", "/api/gate/on-site")
        own = {str(one.id) for one in mine.learners}
        return "" if status == 200 and {item["learner"]["id"] for item in told["items"]} <= own else str(told)

    def _scan(self, mine: world.Cast, theirs: world.Cast, number: int) -> str:
        one = mine.learners[number % 5]
        status, told = self._tap(mine, mine.badges[one.id], mine.gates[0].id)
        right = (status, told["learner"] and told["learner"]["id"], told["verdict"]) == (201, str(one.id), "admitted")
        return "" if right else str(told)

    def _scan_of_theirs(self, mine: world.Cast, theirs: world.Cast, number: int) -> str:
        status, told = self._tap(mine, theirs.badges[theirs.learners[number % 5].id], mine.gates[0].id)
        return "" if (status, told["code"], told["learner"]) == (201, "other_school", None) else str(told)

    def _at_their_gate(self, mine: world.Cast, theirs: world.Cast, number: int) -> str:
        status, told = self._tap(mine, mine.badges[mine.learners[0].id], theirs.gates[0].id)
        return "" if status == 404 else str(told)

    def _tap(self, mine: world.Cast, badge: str, gate: Any) -> tuple[int, Any]:
        body = {"scan_id": str(uuid4()), "badge": badge, "gate": str(gate), "direction": "auto"}
        body["scanned_at"] = datetime.now(UTC).isoformat()
        status, told = self._send(mine.slug, "POST", "/api/gate/scans", body)
        if status == 201:
            with self.lock:
                self.scanned[mine.slug].add(body["scan_id"])
        return status, told

    WAYS = (
        ("scan", _scan), ("list", _list), ("learner", _learner), ("scan", _scan), ("their learner", _stranger),
        ("on site", _on_site), ("scan", _scan), ("their badge", _scan_of_theirs), ("their gate", _at_their_gate),
        ("scan", _scan),
    )  # fmt: skip
