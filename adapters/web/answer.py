"""A plain answer in bare ASGI."""

from __future__ import annotations

from hypercorn.typing import ASGISendCallable


async def answer(send: ASGISendCallable, status: int, body: bytes) -> None:
    """A whole plain answer in two ASGI messages."""
    headers = [(b"content-length", str(len(body)).encode()), (b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
