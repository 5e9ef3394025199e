"""How many connections this process keeps open, and how many it gave up and why: what /metrics tells of them."""

from threading import Lock
from typing import Any
from weakref import WeakSet

from prometheus_client import Counter, Gauge

_open = Gauge(
    "mysentinel_connections_kept", "Connections that a web process keeps open.", ["alias"], multiprocess_mode="liveall"
)
_replaced = Counter(
    "mysentinel_connections_replaced", "Connections given up, for age, schools or because unusable.", ["alias", "why"]
)
_known: WeakSet[Any] = WeakSet()
_lock = Lock()


def changed(wrapper: Any) -> None:
    """`wrapper` opened or closed its connection. Counted anew each time: a thread that ends takes its own along."""
    with _lock:
        _known.add(wrapper)
        count = sum(1 for one in _known if one.alias == wrapper.alias and one.connection is not None)
    _open.labels(wrapper.alias).set(count)


def replaced(wrapper: Any, why: str) -> None:
    _replaced.labels(wrapper.alias, why).inc()
