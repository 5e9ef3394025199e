"""Who stands between the callers and the web process."""

import os
from collections.abc import Iterator

from django.conf import settings

from config import complete
from config.probes.lines import Line, judged, missing


def trusted() -> Iterator[Line]:
    """Behind a proxy that is not named all strangers share one address, and one can use up everybody's tries."""
    about, told = "TRUSTED_PROXIES", os.environ.get("TRUSTED_PROXIES", "")
    if not told.strip():
        yield missing(about, "nobody said which proxies callers come through; `none` if they come by themselves")
        return
    wrong = "" if settings.ENV.local else complete.trusted_proxies(told)
    count = len(settings.TRUSTED_PROXIES)
    yield judged(about, wrong, f"{count} networks may say who calls" if count else "callers come by themselves")
