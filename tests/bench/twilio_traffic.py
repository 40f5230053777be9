"""The same traffic as ``tests.bench.traffic``, by Twilio's forms."""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import hmac
import json
import re
import sys
from base64 import b64encode
from urllib.parse import parse_qsl, unquote_to_bytes, urlencode

from tests.bench.traffic import PHONE, Blaster, Book, Provider, arguments, measured

TO = re.compile(rb"To=whatsapp%3A%2B([0-9]+)")
KEY = re.compile(rb"key%3D([^&]+?)%23")
PUBLIC = "http://127.0.0.1"
"""The server's public address, which is what Twilio signs."""
NUMBER = "14155550100"


class Twilio(Provider):
    """Answers every POST at once."""

    def content(self, body: bytes) -> bytes:
        """See Provider."""
        to, key = TO.search(body), KEY.search(body)
        assert to is not None
        assert key is not None
        self.count(int(to[1]), unquote_to_bytes(unquote_to_bytes(key[1])), body)
        return b'{"sid":"SM%032x","status":"queued","error_code":null}' % len(self._book.keys)


class Formed(Blaster):
    """Posts messages as Twilio does."""

    def _body(self, phone: int, said: str) -> bytes:
        self._said[phone] += 1
        run = hashlib.sha256(str(self._options.run).encode()).hexdigest()[:8]
        sid = f"SM{run}{phone:012x}{self._said[phone]:012x}"
        message = {
            "SmsMessageSid": sid,
            "NumMedia": "0",
            "ProfileName": "Asha",
            "MessageType": "text",
            "SmsSid": sid,
            "WaId": str(PHONE + phone),
            "SmsStatus": "received",
            "Body": said,
            "To": f"whatsapp:+{NUMBER}",
            "NumSegments": "1",
            "MessageSid": sid,
            "AccountSid": "AC" + "0" * 32,
            "From": f"whatsapp:+{PHONE + phone}",
            "ApiVersion": "2010-04-01",
        }
        return urlencode(message).encode()

    def _sign(self, body: bytes) -> bytes:
        pairs = "".join(name + value for name, value in sorted(parse_qsl(body.decode(), keep_blank_values=True)))
        digest = hmac.new(self._secret, f"{PUBLIC}{self._path}{pairs}".encode(), hashlib.sha1).digest()
        return (
            b"POST %s HTTP/1.1\r\nHost: shop\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            b"X-Twilio-Signature: %s\r\nContent-Length: %d\r\n\r\n%s"
            % (self._path.encode(), b64encode(digest), len(body), body)
        )


async def measure(options: argparse.Namespace) -> dict[str, object]:
    """Run the traffic, wait until the replies are in, and report."""
    book = Book()
    return await measured(options, book, Formed(options, book), lambda: Twilio(book))


if __name__ == "__main__":
    json.dump(asyncio.run(measure(arguments(__doc__).parse_args())), sys.stdout)
