"""Access tokens: made of the refresh token, kept for an hour, asked for by one task at a time (protocols.md 4.1)."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

import msgspec
import trio

from adapters.crm._zoho.codes import NO_ANSWER, NOT_REACHED, REFRESH, REFRESH_UNKNOWN, UNDER_WAY
from adapters.settings import Secret
from engine.messages import Outcome, OutcomeClass
from engine.ports import Answer, AnswerLost, Http, NotSent

EARLY_SECONDS = 300.0
"""So long before its end a token is replaced; a quarter of its life where that is shorter."""
REFRESHES = 8
"""Refreshes in ``WINDOW_SECONDS``; Zoho allows 10, and a restart forgets what it had."""
WINDOW_SECONDS = 600.0

DATA_CENTRES = {
    "com": ("accounts.zoho.com", "www.zohoapis.com"),
    "eu": ("accounts.zoho.eu", "www.zohoapis.eu"),
    "in": ("accounts.zoho.in", "www.zohoapis.in"),
    "com.au": ("accounts.zoho.com.au", "www.zohoapis.com.au"),
    "jp": ("accounts.zoho.jp", "www.zohoapis.jp"),
    "com.cn": ("accounts.zoho.com.cn", "www.zohoapis.com.cn"),
    "sa": ("accounts.zoho.sa", "www.zohoapis.sa"),
    "ca": ("accounts.zohocloud.ca", "www.zohoapis.ca"),
}
"""Where tokens are made, and where they hold. A token of one data centre is shown to no other."""

OTHER_CENTRE = Outcome(
    OutcomeClass.OPERATOR,
    code=1,
    reason="Zoho sends this account to another data centre. Set data_centre to where the organisation is, and make the "
    "refresh token there.",
)


class Refused(Exception):
    """Zoho was not reached, or says no."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.kind.value)
        self.outcome = outcome


class Token(NamedTuple):
    """``domain`` is where it holds, as Zoho itself says: https://HOST."""

    access: Secret
    domain: str
    fresh_until: float


class Client(NamedTuple):
    """Who asks. ``accounts`` is the token endpoint's address."""

    accounts: str
    domain: str
    client_id: str
    client_secret: Secret
    refresh_token: Secret


class Tokens:
    """The token of one client."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._token: Token | None = None
        self._lock = trio.Lock()
        self._refreshed: deque[float] = deque(maxlen=REFRESHES)

    async def current(self, http: Http) -> Token:
        """A token that holds for some minutes at least. Raises Refused."""
        async with self._lock:
            token = self._token
            if token is None or trio.current_time() >= token.fresh_until:
                token = self._token = await self._refresh(http)
            return token

    def drop(self, token: Token) -> None:
        """Zoho takes this one no longer."""
        if self._token is token:
            self._token = None

    async def _refresh(self, http: Http) -> Token:
        now = trio.current_time()
        if len(self._refreshed) == REFRESHES and self._refreshed[0] > now - WINDOW_SECONDS:
            wait = round((self._refreshed[0] + WINDOW_SECONDS - now) * 1000)
            raise Refused(msgspec.structs.replace(REFRESH["access_denied"], wait=wait))
        self._refreshed.append(now)
        asked = self._client
        form = {
            "refresh_token": asked.refresh_token,
            "client_id": asked.client_id,
            "client_secret": asked.client_secret,
            "grant_type": "refresh_token",
        }
        headers = {"content-type": "application/x-www-form-urlencoded"}
        try:
            answer = await http.post(f"{asked.accounts}/oauth/v2/token", headers, urlencode(form).encode())
        except NotSent:
            raise Refused(NOT_REACHED) from None
        except AnswerLost:  # another token costs nothing
            raise Refused(NO_ANSWER) from None
        return self._read(answer, now)

    def _read(self, answer: Answer, asked_at: float) -> Token:
        """Whether there is a token decides, not the HTTP status: refusals come with 200."""
        try:
            told = msgspec.json.decode(answer.body, type=_Answer, strict=False)
            access = Secret(told.access_token)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Refused(UNDER_WAY if answer.status >= 500 else REFRESH_UNKNOWN) from None
        if not access:
            unknown = UNDER_WAY if answer.status >= 500 else REFRESH_UNKNOWN
            raise Refused(REFRESH["access_denied"] if answer.status == 429 else REFRESH.get(told.error, unknown))
        domain = told.api_domain.rstrip("/") or self._client.domain
        if not _is_of(domain, self._client.domain):
            raise Refused(OTHER_CENTRE)
        life = max(0.0, told.expires_in)
        return Token(access, domain, asked_at + life - min(EARLY_SECONDS, life / 4))


class _Answer(msgspec.Struct):
    access_token: str = ""
    api_domain: str = ""
    expires_in: float = 3600.0
    error: str = ""


def _is_of(domain: str, expected: str) -> bool:
    """Whether a token may be shown at ``domain``: the data centre's own address; on loopback any port of it."""
    if domain == expected:
        return True
    parts, ours = urlsplit(domain), urlsplit(expected)
    return ours.scheme == "http" and parts.scheme == "http" and parts.hostname == ours.hostname
