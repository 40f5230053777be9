"""The few lines of HTTP/1.1 that the bench tools speak: kept-alive connections, Content-Length bodies, nothing else.

A library would cost more than the server under test; what is measured must be the server.
"""

from __future__ import annotations

import trio

CHUNK = 65_536
HEAD_END = b"\r\n\r\n"


class Wire:
    """Reads messages (head, body) off one stream, however they are cut or glued together on the way."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self._stream = stream
        self._buffer = bytearray()

    async def message(self) -> tuple[bytes, bytes] | None:
        """The next head (lower case, without its end) and body; None when the other side has closed."""
        end = await self._until_head()
        if end < 0:
            return None
        head = bytes(self._buffer[:end]).lower()
        stop = end + len(HEAD_END) + content_length(head)
        while len(self._buffer) < stop:
            if not await self._more():
                return None
        body = bytes(self._buffer[end + len(HEAD_END) : stop])
        del self._buffer[:stop]
        return head, body

    async def _until_head(self) -> int:
        while (end := self._buffer.find(HEAD_END)) < 0:
            if not await self._more():
                return -1
        return end

    async def _more(self) -> bool:
        try:
            chunk = await self._stream.receive_some(CHUNK)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return False
        self._buffer += chunk
        return bool(chunk)


def content_length(head: bytes) -> int:
    """The length of the body behind a lower-case head, 0 where it does not say."""
    at = head.find(b"\ncontent-length:")
    return int(head[at + 16 :].partition(b"\r")[0]) if at >= 0 else 0
