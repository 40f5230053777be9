"""One sender lane's connection to a provider: the running engine's ``Http``.

Why not one shared ``httpx.AsyncClient``: its pool scans every connection for every request, and under concurrency it
falls from 1,100 to 160 requests/s. Lanes with one connection each do not. So a lane owns one ``AsyncHTTPTransport``
that may hold one connection, all lanes share one TLS context (each default one costs 25 ms of blocking and 1 MB), and
a request goes straight to the transport.

What is known when a send fails is decided by one fact, whether the last byte of the request was handed to the kernel:

    not handed over    no provider acts on half a request                       NotSent     safe to send again
    handed over        it may have been carried out, whatever went wrong then   AnswerLost  nobody knows

A kept-alive connection that the server closed while it was idle is noticed before use (its socket is readable) and
replaced. The close can also cross our request on the wire. If that breaks the writing it is NotSent; if the request
was written and then reset, the provider may have read it before it closed, so it is AnswerLost and never a silent
retry: that would be how a customer gets a message twice. ``IDLE`` keeps this crossing rare.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Mapping
from functools import lru_cache
from types import TracebackType

import httpx
import trio

from engine.ports import Answer, AnswerLost, NotSent

DEADLINE = 10.0
"""Seconds for one call in all: connecting, writing, and reading the whole answer."""
CONNECT = 0.4
"""The part of the deadline that connecting may take, and TLS as much again. The transport's own timeout closes a socket
in mid-handshake; a cancellation from outside would leave that to the garbage collector."""
IDLE = 3.0
"""Seconds that a connection may lie idle and still be used: below the 5 s after which common servers close one."""
ANSWER_BYTES = 64 * 1024
"""An answer is read up to here and the rest dropped; what providers say to a send is below 2 KB."""


def shared_tls() -> ssl.SSLContext:
    """The TLS context for all lanes of the process (it honours SSL_CERT_FILE and SSL_CERT_DIR)."""
    return httpx.create_ssl_context()


class LaneHttp:
    """An ``Http`` over one connection, made when first needed and kept alive. An async context manager."""

    def __init__(self, tls: ssl.SSLContext, *, deadline: float = DEADLINE, idle: float = IDLE) -> None:
        limits = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=idle)
        self._transport = httpx.AsyncHTTPTransport(verify=tls, limits=limits)
        self._deadline = deadline
        self._extensions = {"timeout": {"connect": deadline * CONNECT}}

    async def __aenter__(self) -> LaneHttp:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connection. The lane is not used again."""
        await self._transport.aclose()

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Raises NotSent or AnswerLost (the table above). A redirect is an answer like any other."""
        content = _Body(body)
        why = f"no answer within {self._deadline:g} s"
        with trio.move_on_after(self._deadline):
            try:
                return await _answer(await self._transport.handle_async_request(self._request(url, headers, content)))
            except httpx.TransportError as error:
                why = type(error).__name__  # its text may hold what the server sent
        raise (AnswerLost if content.written else NotSent)(why)

    def _request(self, url: str, headers: Mapping[str, str], content: _Body) -> httpx.Request:
        where = _where(url)
        whole = {"host": where.netloc.decode("ascii"), "content-length": str(content.length), **headers}
        return httpx.Request("POST", where, headers=whole, stream=content, extensions=self._extensions)


class _Body(httpx.AsyncByteStream):
    """The request's body, which knows when it was written: the transport asks for more only after each write."""

    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body
        self.length = len(body)
        self.written = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        body, self._body = self._body, None
        if body is None:
            self.written = True
            raise StopAsyncIteration
        return body


@lru_cache(maxsize=1024)
def _where(url: str) -> httpx.URL:
    """Parsing costs as much as sending, and a number has two URLs for life."""
    return httpx.URL(url)


async def _answer(response: httpx.Response) -> Answer:
    return Answer(response.status_code, dict(response.headers), await _body(response))


async def _body(response: httpx.Response) -> bytes:
    assert isinstance(response.stream, httpx.AsyncByteStream)
    body = bytearray()
    with trio.CancelScope() as enough:
        async for chunk in response.stream:
            body += chunk
            if len(body) > ANSWER_BYTES:
                # Not ``break``: a cancellation unwinds the transport's generators at once and closes the connection.
                enough.cancel()
    await response.aclose()
    return bytes(body[:ANSWER_BYTES])
