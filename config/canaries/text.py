"""Everything a response says, as text."""

import io
import json
import zipfile
from typing import Any


def text_of(response: Any) -> str:
    """All that a response says: body and headers, archives unpacked, JSON without its escapes."""
    body = b"".join(response.streaming_content) if response.streaming else response.content
    kind = response.get("Content-Type", "")
    if body[:2] == b"PK":
        archive = zipfile.ZipFile(io.BytesIO(body))
        body = b"\n".join(archive.read(name) for name in archive.namelist())
    text = body.decode("utf-8", "replace")
    if "json" in kind:
        text = json.dumps(json.loads(text or "null"), ensure_ascii=False)
    return f"{text}\n{response.headers}"
