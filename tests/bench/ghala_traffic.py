"""The same traffic as ``tests.bench.traffic``, by Ghala's classic dialect."""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import hmac
import json
import re
import sys
import time

from tests.bench.traffic import PHONE, Blaster, Book, Provider, arguments, measured

TO = re.compile(rb'"to":"([0-9]+)"')
KEY = re.compile(rb'"reference":"([^"]+)"')


class Ghala(Provider):
    """Answers every POST at once."""

    def content(self, body: bytes) -> bytes:
        """See Provider."""
        to, key = TO.search(body), KEY.search(body)
        assert to is not None
        assert key is not None
        self.count(int(to[1]), key[1], body)
        made = len(self._book.keys)
        return b'{"id":"01OUT%d","status":"sent","wa_message_id":"wamid.OUT%d"}' % (made, made)


class Relayed(Blaster):
    """Posts messages as Ghala relays them."""

    def _body(self, phone: int, said: str) -> bytes:
        self._said[phone] += 1
        message = {
            "id": f"01{self._options.run}.{phone}.{self._said[phone]}",
            "from": str(PHONE + phone),
            "name": "Asha",
            "timestamp": int(time.time()),
            "type": "text",
            "text": {"body": said},
        }
        return json.dumps({"event": "message.received", "data": message}).encode()

    def _sign(self, body: bytes) -> bytes:
        digest = hmac.new(self._secret, body, hashlib.sha256).hexdigest()
        return (
            b"POST %s HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nX-Ghala-Signature: %s\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (self._path.encode(), digest.encode(), len(body), body)
        )


async def measure(options: argparse.Namespace) -> dict[str, object]:
    """Run the traffic, wait until the replies are in, and report."""
    book = Book()
    return await measured(options, book, Relayed(options, book), lambda: Ghala(book))


if __name__ == "__main__":
    json.dump(asyncio.run(measure(arguments(__doc__).parse_args())), sys.stdout)
