"""A light load: `python -m bench.load PORT CONNECTIONS SECONDS < plan.json` posts scans over kept connections.

The plan is `[{path, headers, badge, gate}]`; each request takes the next line with a fresh scan id. Prints
`{"done", "seconds", "other"}`: answers that were 200 or 201, the time, and what else came back.
"""

import json
import random
import socket
import sys
import threading
import time
import uuid
from collections import Counter
from datetime import UTC, datetime
from typing import Any

SCAN = '{{"scan_id":"{id}","badge":"{badge}","gate":"{gate}","direction":"auto","scanned_at":"{at}"}}'


def main(port: int, connections: int, seconds: float) -> None:
    plan: list[dict[str, Any]] = json.load(sys.stdin)
    until, statuses, lock = time.perf_counter() + seconds, Counter(), threading.Lock()
    began = time.perf_counter()
    threads = [
        threading.Thread(target=_drive, args=(port, plan, number, until, statuses, lock))
        for number in range(connections)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    done = statuses.pop("200", 0) + statuses.pop("201", 0)
    print(json.dumps({"done": done, "seconds": took, "other": dict(statuses)}))


def _drive(port: int, plan: list[dict[str, Any]], seed: int, until: float, statuses: Any, lock: Any) -> None:
    chance = random.Random(seed)
    found: Counter[str] = Counter()
    with socket.create_connection(("127.0.0.1", port)) as wire:
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        reader = wire.makefile("rb")
        while time.perf_counter() < until:
            found[_post(wire, reader, chance.choice(plan))] += 1
    with lock:
        statuses.update(found)


def _post(wire: socket.socket, reader: Any, line: dict[str, Any]) -> str:
    at = datetime.now(UTC).isoformat()
    body = SCAN.format(id=uuid.uuid4(), badge=line["badge"], gate=line["gate"], at=at).encode()
    head = f"POST {line['path']} HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    wire.sendall((head + line["headers"] + "\r\n").encode() + body)
    status = reader.readline().split()[1].decode()
    length = 0
    while (header := reader.readline()) != b"\r\n":
        name, _, value = header.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    reader.read(length)
    return status


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
