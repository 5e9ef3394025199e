"""What an answer says is read out of its container; what cannot be read is told and never passes for empty."""

import gzip
import io
import zipfile

import pytest
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse

from config.canaries import text
from config.canaries.text import Unreadable, text_in, text_of
from tenant_apps.people.models import SchoolProfile
from tenants import scoped
from tenants.scope import school_scope

SAID = "Thandi Grfcanary"


def zipped(**files: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return packed.getvalue()


SHEET = zipped(**{"xl/sharedStrings.xml": f"<si><t>{SAID}</t></si>".encode()})
READ = {
    "page": HttpResponse(f"<p>{SAID}</p>"),
    "csv": HttpResponse(b"\xef\xbb\xbfa," + SAID.encode(), content_type="text/csv; charset=utf-8"),
    "json": HttpResponse(b'{"name": "Th\\u0061ndi Grfcanary"}', content_type="application/problem+json"),
    "zip": HttpResponse(zipped(**{"a.csv": SAID.encode()}), content_type="application/zip"),
    "workbook": HttpResponse(SHEET, content_type="application/octet-stream"),
    "name in a zip": HttpResponse(zipped(**{SAID: b""}), content_type="application/zip"),
    "zip in a zip": HttpResponse(zipped(a=SHEET), content_type="application/zip"),
    "gzip": HttpResponse(gzip.compress(SAID.encode()), content_type="application/gzip"),
    "packed on the way": HttpResponse(gzip.compress(SAID.encode()), headers={"Content-Encoding": "gzip"}),
    "stream": StreamingHttpResponse([SAID[:5].encode(), SAID[5:].encode()], content_type="text/event-stream"),
    "header": HttpResponse(b"", headers={"Location": "/x?search=Thandi%20Grfcanary"}),
}


@pytest.mark.parametrize("kind", READ)
def test_it_is_read(kind):
    assert SAID in text_of(READ[kind])


NOT_READ = {
    "pdf": HttpResponse(b"%PDF-1.7 ...", content_type="application/pdf"),
    "pdf under another name": HttpResponse(b"%PDF-1.7 ...", content_type="text/plain"),
    "picture": HttpResponse(b"\x89PNG\r\n\x1a\n", content_type="image/png"),
    "letters of some other code": HttpResponse("Th\xe4ndi".encode("latin-1"), content_type="text/plain"),
    "no kind": HttpResponse(b"x", content_type=""),
    "packed in a way nobody knows": HttpResponse(b"x", headers={"Content-Encoding": "br"}),
    "half a zip": HttpResponse(SHEET[:40], content_type="application/zip"),
    "half a gzip": HttpResponse(gzip.compress(SAID.encode())[:-9], content_type="application/gzip"),
    "two gzips": HttpResponse(gzip.compress(b"") + gzip.compress(SAID.encode()), content_type="application/gzip"),
    "pdf in a zip": HttpResponse(zipped(**{"slip.pdf": b"%PDF-1.7"}), content_type="application/zip"),
    "too deep": HttpResponse(zipped(a=zipped(b=zipped(c=zipped(d=b"x")))), content_type="application/zip"),
}


@pytest.mark.parametrize("kind", NOT_READ)
def test_it_is_told_that_it_cannot_be_read(kind):
    with pytest.raises(Unreadable):
        text_of(NOT_READ[kind])


def test_an_answer_without_a_body_says_what_its_headers_say():
    assert "/somewhere" in text_of(
        HttpResponse(b"", content_type="application/pdf", headers={"Location": "/somewhere"})
    )


def test_json_is_read_without_its_escapes():
    assert "Thabiso “T” Môre" in text_of(JsonResponse({"a": "Thabiso “T” Môre"}))


@pytest.mark.parametrize("body", [zipped(a=b"0" * 200), gzip.compress(b"0" * 200)], ids=["zip", "gzip"])
def test_what_unpacks_to_too_much_is_told(body, monkeypatch):
    monkeypatch.setattr(text, "MOST", 100)
    with pytest.raises(Unreadable):
        text_in(body)


def test_a_stream_without_an_end_holds_nobody(monkeypatch):
    monkeypatch.setattr(text, "MOST", 100)

    def endless():
        while True:
            yield b"beat\n"

    with pytest.raises(Unreadable):
        text_of(StreamingHttpResponse(endless(), content_type="text/event-stream"))


# -- in a turn --------------------------------------------------------------------------------------------------------


def test_a_page_of_an_unknown_kind_is_told_as_not_read(search, monkeypatch):
    def slip(request, name, context):
        return HttpResponse(b"%PDF-1.7", content_type="application/pdf")

    monkeypatch.setattr("tenant_apps.roster.views.render", slip)
    turn, found = search()
    told = "cannot be read: GET /s/{slug}/learners/{learner_id} (application/pdf)"
    assert told in turn.failed and found == set()


@pytest.mark.parametrize("packed", [gzip.compress, lambda body: zipped(**{"a.csv": body})])
def test_a_file_of_another_school_is_found_inside_its_container(
    search, greenfield, riverside, settings, tmp_path, packed
):
    settings.SCHOOL_FILES = tmp_path
    with school_scope(greenfield.ref):
        canary = SchoolProfile.objects.get().canary
    with school_scope(riverside.ref):
        path = scoped.file_path("export")
    path.parent.mkdir()
    path.write_bytes(packed(str(canary).encode()))
    assert search()[1] == {"files"}


def test_a_file_that_cannot_be_read_is_told(search, riverside, settings, tmp_path):
    settings.SCHOOL_FILES = tmp_path
    with school_scope(riverside.ref):
        path = scoped.file_path("slip.pdf")
    path.parent.mkdir()
    path.write_bytes(b"%PDF-1.7")
    assert search()[0].failed == ["cannot be read: files (application/pdf)"]
