"""The token endpoint: refresh tokens into access tokens, refusals with HTTP 200 (protocols.md 4.1)."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from urllib.parse import parse_qs

import msgspec

from adapters.phones.zoho.books import ZohoAccount
from engine.address import HOUR, MINUTE, Millis
from engine.ports import Clock

LIFE: Millis = HOUR
PER_WINDOW = 10
WINDOW: Millis = 10 * MINUTE
"""So many access tokens a refresh token gives in this time."""


class TokenDesk:
    """All tokens of one fake. They are named by count, and the fake's own beginning, so that none comes twice."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began = f"{clock.now():x}"
        self._made: dict[str, tuple[ZohoAccount, Millis]] = {}
        self._when: dict[str, deque[Millis]] = {}
        self.count = 0

    def refresh(self, accounts: Mapping[str, ZohoAccount], raw: bytes, domain: str) -> bytes:
        """What the endpoint answers, with HTTP 200 whatever it is."""
        form = {name: values[0] for name, values in parse_qs(raw.decode("utf-8", "replace")).items()}
        account = next((one for one in accounts.values() if one.client_id == form.get("client_id")), None)
        if account is None:
            return refusal("invalid_client")
        if form.get("client_secret") != account.client_secret:
            return refusal("invalid_client_secret")
        if form.get("grant_type") != "refresh_token" or form.get("refresh_token") != account.refresh_token:
            return refusal("invalid_code")
        now = self._clock.now()
        times = self._when.setdefault(account.refresh_token, deque(maxlen=PER_WINDOW))
        if len(times) == PER_WINDOW and times[0] > now - WINDOW:
            return refusal("access_denied")
        times.append(now)
        self.count += 1
        token = f"1000.{self._began}.{self.count}"
        self._made[token] = (account, now + LIFE)
        told = {"access_token": token, "expires_in": LIFE // 1000, "api_domain": domain, "token_type": "Bearer"}
        return msgspec.json.encode(told)

    def holder(self, authorization: str) -> ZohoAccount | None:
        """Whose token stands in this header; None where it is none, or holds no longer."""
        scheme, _, token = authorization.partition(" ")
        account, until = self._made.get(token, (None, 0))
        return account if scheme == "Zoho-oauthtoken" and until > self._clock.now() else None

    def end(self, authorization: str) -> None:
        """From now on this token does not hold."""
        self._made.pop(authorization.partition(" ")[2], None)


def refusal(error: str) -> bytes:
    return msgspec.json.encode({"error": error})
