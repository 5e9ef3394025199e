"""Asking the product's read routes as somebody, or as a stranger, from inside this process.

There is no session, no token and no header to steal or to forge: `Inside` puts the actor behind the whole middleware,
as an attribute of a request it made itself. The web process has its own handler, which knows nothing of this.
"""

import io
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest

from tenants.actor import Actor


class Inside(BaseHandler):
    """The product's handler, with the actor put in behind the middleware."""

    def __init__(self) -> None:
        super().__init__()
        self.actor: Actor | None = None
        self.load_middleware()

    def _get_response(self, request: HttpRequest) -> Any:
        request.actor, request.refused = self.actor, None  # type: ignore[attr-defined]
        try:
            return super()._get_response(request)  # type: ignore[misc]
        finally:
            request.actor = None  # type: ignore[attr-defined]

    def get(self, address: str, *, by: Actor | None) -> Any:
        """The answer to a GET. Nothing else can be asked: a search changes nothing."""
        path, _, query = address.partition("?")
        origin = urlsplit(settings.PUBLIC_URL)
        request = WSGIRequest(
            {
                "REQUEST_METHOD": "GET", "PATH_INFO": unquote(path), "QUERY_STRING": query, "HTTP_HOST": origin.netloc,
                "SERVER_NAME": origin.hostname or "localhost", "SERVER_PORT": str(origin.port or 80),
                "wsgi.url_scheme": origin.scheme, "wsgi.input": io.BytesIO(),
            }
        )  # fmt: skip
        self.actor = by
        try:
            return self._middleware_chain(request)  # type: ignore[attr-defined]
        finally:
            self.actor = None
