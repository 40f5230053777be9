"""X-Twilio-Signature (protocols.md 2.2): HMAC-SHA1 over the address that was called and every parameter.

A JSON body is signed by its SHA-256, which is a parameter of the address. New parameters come without notice, so all
that were received are signed, whatever they are called. Twilio's own validator takes the address with and without its
port, since proxies add and take away ports; so does this.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Mapping, Sequence
from urllib.parse import SplitResult, parse_qsl, urlsplit

Parameters = Mapping[str, Sequence[str]]
"""Every value that a name came with."""

BODY_HASH = "bodySHA256"
FIELDS_AT_MOST = 1_000
PORTS = {"https": 443, "http": 80}


def parameters(raw: bytes) -> Parameters:
    """A form's parameters, decoded; empty for what is no form."""
    found: dict[str, list[str]] = {}
    try:
        pairs = parse_qsl(raw.decode("utf-8"), keep_blank_values=True, max_num_fields=FIELDS_AT_MOST)
    except ValueError:
        return {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def signature(token: bytes, url: str, given: Parameters) -> str:
    """The signature of a call of ``url`` with these parameters. Of a name that came several times each value counts
    once, in order."""
    parts = [f"{name}{value}" for name in sorted(given) for value in sorted(set(given[name]))]
    digest = hmac.digest(token, (url + "".join(parts)).encode("utf-8", "surrogatepass"), "sha1")
    return b64encode(digest).decode()


def genuine(token: bytes, url: str, raw: bytes, given: str) -> bool:
    """Whether ``given`` is the signature of this call. Constant time."""
    query = urlsplit(url).query
    hashes = [value for name, value in parse_qsl(query) if name == BODY_HASH]
    if hashes:
        digest = hashlib.sha256(raw).hexdigest().encode()
        whole = hmac.compare_digest(hashes[0].encode("utf-8", "surrogatepass"), digest)
        signed: Parameters = {}
    else:
        whole, signed = True, parameters(raw)
    wanted = given.encode("utf-8", "surrogatepass")
    right = [hmac.compare_digest(wanted, signature(token, one, signed).encode()) for one in _spellings(url)]
    return whole and any(right)


def _spellings(url: str) -> tuple[str, ...]:
    """The address as it stands, and without its port or with its scheme's own."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        return (url,)
    host = parts.netloc.rpartition(":")[0] if port is not None else parts.netloc
    other = host if port is not None else f"{host}:{PORTS.get(parts.scheme, 80)}"
    return url, _with(parts, other, url)


def _with(parts: SplitResult, netloc: str, url: str) -> str:
    """The same address at another host, byte for byte as it was otherwise."""
    return url.replace(parts.netloc, netloc, 1)
