"""A real product on a real database, and a real browser in front of it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests import database, plugin

# Playwright keeps an event loop in this thread, which Django takes for asynchronous code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@dataclass
class LiveSite:
    """A running web process: where it answers, and the database it runs on. It can be killed and started again."""

    port: int
    database: str
    log: Path
    web: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        environment = {
            **database.environment(self.database), "PROCESS": "web", "PORT": str(self.port), "PUBLIC_URL": self.url
        }  # fmt: skip
        words = ["--interface", "wsgi", "--host", "127.0.0.1", "--port", str(self.port), "--blocking-threads", "4"]
        with self.log.open("ab") as log:
            self.web = subprocess.Popen(
                [sys.executable, "-m", "granian", *words, "config.wsgi:application"],
                cwd=plugin.ROOT, env=environment, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        wait_until_it_answers(self, self.web)

    def end(self, number: int = signal.SIGTERM) -> None:
        if self.web is None:
            return
        os.killpg(self.web.pid, number)
        try:
            self.web.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.web.pid, signal.SIGKILL)
            self.web.wait()
        self.web = None


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
def live_site(real_commits: str, tmp_path: Path) -> Iterator[LiveSite]:
    """The production server with this code, on a database of the test's own."""
    site = LiveSite(free_port(), real_commits, tmp_path / "web.log")
    try:
        site.start()
        yield site
    finally:
        site.end()


def wait_until_it_answers(site: LiveSite, web: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and web.poll() is None:
        try:
            with urllib.request.urlopen(f"{site.url}/login", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    pytest.fail(f"The web process does not answer:\n{site.log.read_text()[-3000:]}")


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The system's Chromium. Absent, its tests are skipped, unless REQUIRE_TOOLS=1 says they must not be."""
    if not Path(CHROMIUM).exists():
        line = "Chromium is not installed: browser journeys are skipped."
        (pytest.fail if os.environ.get("REQUIRE_TOOLS") == "1" else pytest.skip)(line)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def visit(browser: Browser, live_site: LiveSite) -> Iterator[Callable[..., Page]]:
    """`visit(language="zu", width=360, theme="dark")`: a fresh visitor's page.

    Fails the test when a page breaks its own security policy or a script fails.
    """
    contexts, complaints = [], []

    def arrive(
        *, language: str = "en", width: int = 1280, height: int = 800, theme: str = "light", script: bool = True
    ) -> Page:
        context = browser.new_context(
            base_url=live_site.url, viewport={"width": width, "height": height}, locale=language,
            color_scheme="dark" if theme == "dark" else "light", contrast="more" if theme == "contrast" else None,
            timezone_id="Africa/Johannesburg", reduced_motion="reduce", java_script_enabled=script,
        )  # fmt: skip
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if _is_complaint(said.type, said.text) else None)
        return page

    yield arrive
    for context in contexts:
        context.close()
    assert not complaints, complaints


def _is_complaint(kind: str, text: str) -> bool:
    """An error in the console that is not a refused or lost request, which a journey may well provoke."""
    provoked = ("Failed to load resource: the server responded with a status of", "Response Status Error Code")
    lost = ("net::ERR_INTERNET_DISCONNECTED", "net::ERR_CONNECTION_REFUSED")
    return kind == "error" and not text.startswith(("htmx:", *provoked)) and not text.endswith(lost)
