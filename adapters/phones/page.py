"""The browser phone's files, as a bare ASGI application for the fake provider to mount.

Everything is read once into memory: only names that are in the folder can be asked for, so there is no path to
traverse. The page talks to the provider over the phones' WebSocket, which is the provider's part, not this file's.

    GET /            the page                 GET /shops.json   the shops one can write to
    GET /static/…    its script and style     GET /favicon.ico  its icon
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

FOLDER = Path(__file__).with_name("browser")

TYPES = {
    ".html": b"text/html; charset=utf-8",
    ".css": b"text/css; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".svg": b"image/svg+xml",
}

# Pictures of shops may come from anywhere that is encrypted, and from a shop on this very machine.
PICTURES = "'self' data: https: http://127.0.0.1:* http://localhost:*"

HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:[0-9]{1,5})?")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]


class PhoneShop(msgspec.Struct, frozen=True):
    """One shop in the phone's list.

    ``number`` is the provider's id of the business number (``phone_number_id``), ``display_number`` what a customer
    would dial. ``about`` is one line under the title; ``suggestions`` are what a stranger may tap to begin; ``owner``
    is the phone of the shop's owner, digits, "" where nobody's is known.
    """

    number: str
    title: str
    display_number: str = ""
    about: str = ""
    suggestions: tuple[str, ...] = ("hi", "menu", "help")
    owner: str = ""


class _File(msgspec.Struct, frozen=True):
    kind: bytes
    content: bytes
    tag: bytes


def page_app(shops: Callable[[], Sequence[PhoneShop]]) -> App:
    """The ASGI callable. ``shops`` is asked at every ``GET /shops.json``, so shops may come and go while it runs.

    It answers HTTP scopes only: 404 for paths it does not know, 405 for anything but GET and HEAD.
    """
    files = _load(FOLDER)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            await _answer(scope, send, 405, _plain("Only GET is understood here."), [(b"allow", b"GET, HEAD")])
        elif scope["path"] == "/shops.json":
            await _answer(scope, send, 200, _file(b"application/json", msgspec.json.encode({"shops": list(shops())})))
        elif (file := files.get(scope["path"])) is not None:
            await _answer(scope, send, 304 if _fresh(scope, file) else 200, file)
        else:
            await _answer(scope, send, 404, _plain("There is no such page on the phone."))

    return app


def knows(path: str) -> bool:
    """Whether ``path`` belongs to the page, for a provider that decides by path before it hands over."""
    return path in ("/", "/shops.json", "/favicon.ico") or path.startswith("/static/")


def _load(folder: Path) -> dict[str, _File]:
    found = {f.name: _file(TYPES[f.suffix], f.read_bytes()) for f in sorted(folder.iterdir()) if f.suffix in TYPES}
    paths = {f"/static/{name}": file for name, file in found.items()}
    return paths | {"/": found["index.html"], "/favicon.ico": found["icon.svg"]}


def _file(kind: bytes, content: bytes) -> _File:
    return _File(kind, content, b'"' + hashlib.sha256(content).hexdigest()[:20].encode() + b'"')


def _plain(sentence: str) -> _File:
    return _file(b"text/plain; charset=utf-8", sentence.encode())


def _fresh(scope: Scope, file: _File) -> bool:
    return _header(scope["headers"], b"if-none-match") == file.tag


def _header(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> bytes:
    return next((value for key, value in headers if key.lower() == name), b"")


def policy(host: str) -> str:
    """The Content-Security-Policy: nothing but this server, its own WebSocket, and pictures.

    Older browsers do not count ``ws:`` as 'self', so the socket's address is spelled out; a Host header that is not a
    plain host adds nothing.
    """
    sockets = f" ws://{host} wss://{host}" if HOST.fullmatch(host) else ""
    return (
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; script-src 'self'; "
        f"style-src 'self'; connect-src 'self'{sockets}; img-src {PICTURES}"
    )


async def _answer(scope: Scope, send: Send, status: int, file: _File, more: Headers | None = None) -> None:
    host = _header(scope["headers"], b"host").decode("latin-1")
    body = b"" if status == 304 else file.content
    headers = [
        (b"content-type", file.kind),
        (b"etag", file.tag),
        (b"cache-control", b"no-cache"),
        (b"content-security-policy", policy(host).encode("latin-1")),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
        (b"cross-origin-opener-policy", b"same-origin"),
        *(more or []),
    ]
    if status != 304:
        headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
