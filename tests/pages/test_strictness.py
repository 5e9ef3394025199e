"""What our pages may not hold: inline script or style, event attributes, anything from another origin."""

import gzip
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from tests.plugin import ROOT
from tests.world import PASSWORD

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
STATIC = sorted(path for path in (ROOT / "static").rglob("*") if path.suffix in (".js", ".css", ".svg"))
FORBIDDEN = {
    "an inline style": re.compile(r"\sstyle\s*=|<style", re.I),
    "an inline script": re.compile(r"<script(?![^>]*(\ssrc=|type=\"application/(json|ld\+json)\"))[^>]*>", re.I),
    "an event attribute": re.compile(r"\s(on[a-z]+|hx-on[:\w-]*)\s*=", re.I),
    "evaluated script": re.compile(r"javascript:|[\"']js:|hx-vars", re.I),
    "another origin": re.compile(r"(src|href|action|url\()\s*=?\s*[\"']?(https?:)?//", re.I),
    "an htmx filter, which needs eval": re.compile(r"hx-trigger=\"[^\"]*\[", re.I),
}


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_a_template_keeps_to_the_policy(path):
    text = re.sub(r"{#.*?#}|{% comment %}.*?{% endcomment %}", "", path.read_text(encoding="utf-8"), flags=re.S)
    assert [what for what, pattern in FORBIDDEN.items() if pattern.search(text)] == []


@pytest.mark.parametrize("path", STATIC, ids=name)
def test_our_own_files_fetch_nothing_from_elsewhere_and_evaluate_nothing(path):
    text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://|@import|\beval\(|new Function|\.style\.|setAttribute\(\"style\"", text)


@pytest.mark.parametrize(
    "page", ["/login", "/account/profile", "/account/sessions", "/account/appearance", "/account/language", "/nowhere"]
)
def test_a_page_says_its_policy_and_loads_only_what_exists_here(greenfield, page):
    client = Client()
    if page != "/login":
        client.post("/login", {"email": greenfield.email("admin"), "password": PASSWORD})
    answer = client.get(page)
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy and "*" not in policy
    text = answer.content.decode()
    for what, pattern in FORBIDDEN.items():
        assert not pattern.search(text), what
    for address in re.findall(r"(?:src|href)=\"(/static/[^\"#]+)", text):
        assert finders.find(address.removeprefix("/static/")), address
    for symbol in re.findall(r"icons\.svg#([\w-]+)", text):
        assert f'id="{symbol}"' in (ROOT / "static" / "icons.svg").read_text(), symbol


def compressed(paths) -> int:
    return sum(len(gzip.compress(path.read_bytes(), 9)) for path in paths)


def test_the_shell_stays_within_its_budget():
    """Bytes after gzip, which is what travels: CSS, icons and scripts of a console page, htmx included."""
    htmx = Path(finders.find("django_htmx/htmx-2.min.js"))
    scripts = [path for path in STATIC if path.parent.name == "shell" and path.suffix == ".js"]
    assert compressed([path for path in STATIC if path.parent.name == "css" and path.name != "gate.css"]) < 18_000
    assert compressed([ROOT / "static" / "icons.svg"]) < 6_000
    assert compressed([htmx, *scripts]) < 32_000
    before_sign_in = ("theme.js", "alone.js", "reveal.js", "session.js")
    assert compressed([path for path in scripts if path.name in before_sign_in]) < 20_000
