"""Who may use a shop's API: whoever knows a secret that ``run.py token`` made, as bearer token or as Basic password.

Only hashes are kept. A plain SHA-256 is enough because the secrets are ours: 256 bits of randomness that nobody can
try out; a password that a person chose would need a slow hash, so none is taken. Every comparison takes the same time
whatever is given, and all hashes are compared, whichever fits.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import re
import secrets
from base64 import b64decode
from collections import Counter
from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from engine.crew import NO_DIGEST, Crew

HASH = "sha256:"
FORM = re.compile(HASH + r"[0-9a-f]{64}")
PHONE = re.compile(r"[1-9][0-9]{7,14}")
"""E.164, without the "+"."""
BETWEEN = re.compile(r"[\s().-]")
LONGEST = 4_096
"""Characters of an Authorization header that is looked at."""


class OwnerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """``[shop.owner]``. ``secrets`` are hashes as ``run.py token`` prints them; without any, the API is closed.
    ``phones`` and ``staff`` are the cockpit (engine.crew); ``digest``: when owners get the day's figures, "" for never.
    """

    user: Annotated[str, Meta(pattern=r"^[^:\s]{1,64}$", description="a name without colon or space")] = "owner"
    secrets: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    staff: tuple[str, ...] = ()
    digest: Annotated[
        str,
        Meta(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9])?$", description='a time of the shop\'s day, like "20:30"'),
    ] = ""
    low_stock: Annotated[int, Meta(ge=0, le=1_000_000)] = 5


def owner_problems(path: str, hashes: Sequence[str]) -> list[str]:
    """A sentence for each hash that is none."""
    return [
        f"{path}.secrets: expected sha256:… as `run.py token` prints it; number {place} is something else"
        for place, one in enumerate(hashes, 1)
        if not FORM.fullmatch(one)
    ]


def phone_problems(path: str, owners: Sequence[str], staff: Sequence[str]) -> list[str]:
    """A sentence for each phone that is none, or stands twice: nobody could tell what it may do."""
    given = [("phones", one) for one in owners] + [("staff", one) for one in staff]
    problems = [
        f'{path}.{key}: expected phones with their country\'s code, for example "+254712345678", found "{one[:40]}"'
        for key, one in given
        if not PHONE.fullmatch(digits_of(one))
    ]
    counts = Counter(digits_of(one) for _, one in given)
    return problems + [f"{path}.phones: +{one} stands here or in staff twice" for one in counts if counts[one] > 1]


def digits_of(phone: str) -> str:
    """A phone as providers write it: digits without "+" and what people put between them."""
    return BETWEEN.sub("", phone.strip().removeprefix("+"))


def crew_of(config: OwnerConfig) -> Crew:
    """The shop's own people, as they were configured."""
    hour, _, minute = config.digest.partition(":")
    return Crew(
        owners=tuple(map(digits_of, config.phones)),
        staff=tuple(map(digits_of, config.staff)),
        low_stock=config.low_stock,
        digest=int(hour) * 60 + int(minute) if config.digest else NO_DIGEST,
    )


def new_secret() -> tuple[str, str]:
    """(secret, hash): the one to use, and the one to keep."""
    secret = secrets.token_urlsafe(32)
    return secret, hashed(secret)


def hashed(secret: str) -> str:
    """What is kept of a secret."""
    return HASH + hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


class Access:
    """One shop's door."""

    def __init__(self, config: OwnerConfig) -> None:
        self._user = config.user.encode()
        self._hashes = tuple(one.encode() for one in config.secrets)

    def bearer(self, authorization: str) -> bool:
        """Whether an Authorization header is ``Bearer`` and one of ours."""
        scheme, _, token = authorization.partition(" ")
        return scheme.lower() == "bearer" and self._known(token.strip())

    def basic(self, authorization: str) -> bool:
        """Whether an Authorization header is ``Basic`` with the shop's user and one of its secrets (RFC 7617)."""
        scheme, _, given = authorization.partition(" ")
        if scheme.lower() != "basic" or len(given) > LONGEST:
            return False
        try:
            user, colon, password = b64decode(given.strip(), validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            return False
        right_user = hmac.compare_digest(user.encode("utf-8", "surrogatepass"), self._user)
        return self._known(password) and right_user and bool(colon)

    def _known(self, secret: str) -> bool:
        if not secret or len(secret) > LONGEST:
            return False
        given = hashed(secret).encode()
        return sum(hmac.compare_digest(given, one) for one in self._hashes) > 0
