"""One sender lane's connection to a provider: the running engine's ``Http``.

Why not one shared ``httpx.AsyncClient``: its pool scans every connection for every request, and under concurrency it
falls from 1,100 to 160 requests/s. Lanes with one connection each do not. A lane needs no pool either, so it drives the
connection of httpx's own engine, httpcore, directly: that costs a tenth less of a whole message than a transport per
lane. All lanes share one TLS context (each default one costs 25 ms of blocking and 1 MB).

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
from collections.abc import AsyncIterable, AsyncIterator, Mapping
from functools import lru_cache
from types import TracebackType

import httpcore
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
LIST_BYTES = 4 * 1024 * 1024
"""The same of an answer to a question: a page of a list (200 items of a CRM are half a megabyte)."""

TROUBLE = (
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
    httpcore.ConnectionNotAvailable,
)
"""All that a connection raises for what the network or the server does."""


def shared_tls() -> ssl.SSLContext:
    """The TLS context for all lanes of the process (it honours SSL_CERT_FILE and SSL_CERT_DIR)."""
    return httpx.create_ssl_context()


class LaneHttp:
    """An ``Http`` over one connection, made when first needed and kept alive. An async context manager."""

    def __init__(self, tls: ssl.SSLContext, *, deadline: float = DEADLINE, idle: float = IDLE) -> None:
        self._tls = tls
        self._deadline = deadline
        self._idle = idle
        self._extensions = {"timeout": {"connect": deadline * CONNECT}}
        self._connection: httpcore.AsyncHTTPConnection | None = None
        self._origin: httpcore.Origin | None = None

    async def __aenter__(self) -> LaneHttp:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connection. The lane is not used again."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with trio.CancelScope(shield=True):
                await connection.aclose()

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Raises NotSent or AnswerLost (the table above). A redirect is an answer like any other."""
        return await self._call("POST", url, headers, body)

    async def get(self, url: str, headers: Mapping[str, str]) -> Answer:
        """Raises NotSent or AnswerLost. A redirect is an answer like any other."""
        return await self._call("GET", url, headers, b"")

    async def _call(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        content = _Body(body)
        request = self._request(method, url, headers, content)
        why = f"no answer within {self._deadline:g} s"
        with trio.move_on_after(self._deadline):
            try:
                connection = await self._connected(request.url.origin)
                response = await connection.handle_async_request(request)
                return await _answer(response, LIST_BYTES if method == "GET" else ANSWER_BYTES)
            except TROUBLE as error:
                why = type(error).__name__  # its text may hold what the server sent
        raise (AnswerLost if content.written else NotSent)(why)

    async def _connected(self, origin: httpcore.Origin) -> httpcore.AsyncHTTPConnection:
        """The lane's connection when it can still be used for this origin, else a new one."""
        connection = self._connection
        if connection is not None:
            if connection.is_available() and origin == self._origin and not connection.has_expired():
                return connection
            await self.aclose()
        self._origin = origin
        self._connection = httpcore.AsyncHTTPConnection(origin, self._tls, keepalive_expiry=self._idle)
        return self._connection

    def _request(self, method: str, url: str, headers: Mapping[str, str], content: _Body) -> httpcore.Request:
        where, host = _where(url)
        given = [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers.items()]
        length = [(b"content-length", b"%d" % content.length)] if method == "POST" else []
        return httpcore.Request(
            method, where, headers=[(b"host", host), *length, *given], content=content, extensions=self._extensions
        )


class _Body(AsyncIterator[bytes]):
    """The request's body, which knows when it was written: the connection asks for more only after each write."""

    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body
        self.length = len(body)
        self.written = False

    async def __anext__(self) -> bytes:
        body, self._body = self._body, None
        if body is None:
            self.written = True
            raise StopAsyncIteration
        return body


@lru_cache(maxsize=1024)
def _where(url: str) -> tuple[httpcore.URL, bytes]:
    """The URL and its Host header. Parsing costs as much as sending, and a number has two URLs for life."""
    parsed = httpx.URL(url)
    return httpcore.URL(
        scheme=parsed.raw_scheme, host=parsed.raw_host, port=parsed.port, target=parsed.raw_path
    ), parsed.netloc


async def _answer(response: httpcore.Response, most: int) -> Answer:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
    return Answer(response.status, headers, await _body(response, most))


async def _body(response: httpcore.Response, most: int) -> bytes:
    assert isinstance(response.stream, AsyncIterable)
    body = bytearray()
    with trio.CancelScope() as enough:
        async for chunk in response.stream:
            body += chunk
            if len(body) > most:
                # Not ``break``: a cancellation unwinds the connection's generators at once and closes it.
                enough.cancel()
    await response.aclose()
    return bytes(body[:most])
