"""A plain answer in bare ASGI."""

from __future__ import annotations

from hypercorn.typing import ASGISendCallable

from engine.ports import Reply

PLAIN = b"text/plain; charset=utf-8"
JSON = b"application/json"


async def answer(send: ASGISendCallable, status: int, body: bytes, content_type: bytes = PLAIN) -> None:
    """A whole answer in two ASGI messages."""
    headers = [(b"content-length", str(len(body)).encode()), (b"content-type", content_type)]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def say(send: ASGISendCallable, reply: Reply) -> None:
    """A whole ``Reply`` in two ASGI messages."""
    await answer(send, reply.status, reply.body, reply.content_type.encode("latin-1") or PLAIN)
