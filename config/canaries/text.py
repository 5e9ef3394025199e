"""Everything a response or a file says, as text. What cannot be read is told and never passes for empty."""

import io
import json
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import unquote_plus

MOST = 20_000_000  # bytes of one answer, unpacked: enough for the largest export
DEPTH = 3  # containers in containers
TEXTS = ("text/", "application/json", "application/problem+json", "application/manifest+json")
ENCODINGS = ("", "identity", "gzip")


class Unreadable(Exception):
    """Of a kind that nothing here can read: it may hold anything. Its text names the kind."""


def text_of(response: Any) -> str:
    """All that a response says: body and headers, containers unpacked, JSON without its escapes. Raises Unreadable."""
    kind = response.get("Content-Type", "").partition(";")[0].strip().lower()
    encoding = response.get("Content-Encoding", "").strip().lower()
    body = _up_to(MOST, response.streaming_content) if response.streaming else response.content
    if encoding not in ENCODINGS:
        raise Unreadable(encoding)
    if body and not _container(body) and not kind.startswith(TEXTS):
        raise Unreadable(kind or "no kind")
    text = text_in(body, kind)
    if "json" in kind:
        text = json.dumps(json.loads(text or "null"), ensure_ascii=False)
    headers = "\n".join(f"{name}: {value}" for name, value in response.items())
    return f"{text}\n{headers}\n{unquote_plus(headers)}"


def text_in(body: bytes, kind: str = "file") -> str:
    """The text of a file's bytes, containers unpacked. Raises Unreadable where it is none."""
    return "\n".join(_texts(body, kind, DEPTH))


def _texts(body: bytes, kind: str, depth: int) -> Iterator[str]:
    if not _container(body):
        if body.startswith(b"%PDF") or b"\0" in body:  # a page's words lie packed in it
            raise Unreadable("application/pdf" if body.startswith(b"%PDF") else kind)
        try:
            yield body.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise Unreadable(kind) from None
    elif not depth:
        raise Unreadable("containers in containers")
    else:
        for name, part in _parts(body, kind):
            yield name
            yield from _texts(part, f"{kind} {name}", depth - 1)


def _container(body: bytes) -> bool:
    return body[:2] in (b"PK", b"\x1f\x8b")


def _parts(body: bytes, kind: str) -> Iterator[tuple[str, bytes]]:
    try:
        if body[:2] == b"PK":  # a workbook is one, too
            archive = zipfile.ZipFile(io.BytesIO(body))
            if sum(one.file_size for one in archive.infolist()) > MOST:
                raise Unreadable("too large")
            yield from ((name, archive.read(name)) for name in archive.namelist())
        else:
            unpacking = zlib.decompressobj(wbits=31)
            told = unpacking.decompress(body, MOST)
            if unpacking.unconsumed_tail or not unpacking.eof or unpacking.unused_data:
                raise Unreadable("too large, cut off, or more than one")
            yield "", told
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError):
        raise Unreadable(kind) from None


def _up_to(most: int, parts: Iterable[bytes]) -> bytes:
    """What a stream says until it has said so much: one that never ends must not hold the search."""
    said = bytearray()
    for part in parts:
        said += part
        if len(said) >= most:
            raise Unreadable("a stream without an end")
    return bytes(said)
