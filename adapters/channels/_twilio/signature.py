"""X-Twilio-Signature (protocols.md 2.2): HMAC-SHA1 over the address that was called and every parameter.

A JSON body is signed by its SHA-256, which is a parameter of the address. New parameters come without notice, so all
that were received are signed, whatever they are called. Twilio's own validator takes the address with and without its
port, since proxies add and take away ports; so does this.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

Parameters = Mapping[str, Sequence[str]]
"""Every value that a name came with."""

BODY_HASH = "bodySHA256"
FIELDS_AT_MOST = 1_000
JUDGED = 4
"""Calls whose parameters are remembered: each is read right after it was judged."""
PORTS = {"https": 443, "http": 80}


@lru_cache(maxsize=JUDGED)
def parameters(raw: bytes) -> Parameters:
    """A form's parameters, decoded; empty for what is no form. As parse_qsl with blank values reads it; written out,
    and remembered from its signature until it is read, since every webhook goes through here."""
    if raw.count(b"&") >= FIELDS_AT_MOST:
        return {}
    try:
        said = raw.decode("utf-8")
    except ValueError:
        return {}
    found: dict[str, list[str]] = {}
    for pair in said.split("&"):
        if pair:
            name, _, value = pair.partition("=")
            found.setdefault(_plain(name), []).append(_plain(value))
    return found


def _plain(coded: str) -> str:
    words = coded.replace("+", " ")
    return unquote(words) if "%" in words else words


def signature(token: bytes, url: str, given: Parameters) -> str:
    """The signature of a call of ``url`` with these parameters. Of a name that came several times each value counts
    once, in order."""
    parts = [
        name + value
        for name, values in sorted(given.items())
        for value in (sorted(set(values)) if values[1:] else values)
    ]
    digest = hmac.digest(token, (url + "".join(parts)).encode("utf-8", "surrogatepass"), "sha1")
    return b64encode(digest).decode()


def genuine(token: bytes, url: str, raw: bytes, given: str) -> bool:
    """Whether ``given`` is the signature of this call. Each comparison takes constant time."""
    hashes = [value for name, value in parse_qsl(urlsplit(url).query) if name == BODY_HASH] if BODY_HASH in url else ()
    signed: Parameters = {} if hashes else parameters(raw)
    if hashes:
        digest = hashlib.sha256(raw).hexdigest().encode()
        if not hmac.compare_digest(hashes[0].encode("utf-8", "surrogatepass"), digest):
            return False
    wanted = given.encode("utf-8", "surrogatepass")
    return any(hmac.compare_digest(wanted, signature(token, one, signed).encode()) for one in _spellings(url))


def _spellings(url: str) -> Iterator[str]:
    """The address as it stands; and, where that is not it, without its port or with its scheme's own."""
    yield url
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        return
    host = parts.netloc.rpartition(":")[0] if port is not None else parts.netloc
    yield _with(parts, host if port is not None else f"{host}:{PORTS.get(parts.scheme, 80)}", url)


def _with(parts: SplitResult, netloc: str, url: str) -> str:
    """The same address at another host, byte for byte as it was otherwise."""
    return url.replace(parts.netloc, netloc, 1)
