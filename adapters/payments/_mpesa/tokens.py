"""Daraja's access tokens: one for all lanes and shops of the process that use the same app (protocols.md 3.2).

A new token may void the one before it, so tokens are asked for by one task at a time, and never side by side for one
app. A token is replaced a minute before its end, or when Daraja takes it no longer. Whoever waited while somebody else
was refused one has the same answer: where Daraja hangs, they would hang one after the other, for minutes.
"""

from __future__ import annotations

import base64
from typing import NamedTuple
from weakref import WeakValueDictionary

import msgspec
import trio

from adapters.payments._mpesa import codes
from adapters.payments._mpesa.codes import Meaning, Refusal
from adapters.settings import Secret
from engine.ports import Answer, AnswerLost, Http, NotSent

EARLY_SECONDS = 60.0
"""So long before its end a token is replaced; a quarter of its life where that is shorter."""
PATH = "/oauth/v1/generate?grant_type=client_credentials"
NOT_REACHED = Refusal(Meaning.NOT_NOW, "Daraja could not be reached.")
NO_ANSWER = Refusal(Meaning.NOT_NOW, "Daraja did not answer when it was asked for an access token.")


class NoToken(Exception):
    """There is none now, for this reason. Nothing was asked of anybody."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.meaning.value)
        self.refusal = refusal


class Token(NamedTuple):
    access: Secret
    fresh_until: float


class App(NamedTuple):
    """Who asks, and where."""

    base_url: str
    key: Secret
    secret: Secret


class Tokens:
    """The token of one app."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._token: Token | None = None
        self._refused: Refusal | None = None
        self._refusals = 0
        self._lock = trio.Lock()

    async def current(self, http: Http) -> Token:
        """A token that holds for a while. Raises NoToken."""
        before = self._refusals
        async with self._lock:
            token = self._token
            if token is None or trio.current_time() >= token.fresh_until:
                if self._refused is not None and self._refusals > before:
                    raise NoToken(self._refused)
                token = self._token = await self._asked_for(http)
            return token

    def drop(self, token: Token) -> None:
        """Daraja takes this one no longer."""
        if self._token is token:
            self._token = None

    async def _asked_for(self, http: Http) -> Token:
        try:
            return await self._made(http)
        except NoToken as error:
            self._refused = error.refusal
            self._refusals += 1
            raise

    async def _made(self, http: Http) -> Token:
        asked_at = trio.current_time()
        allowed = base64.b64encode(f"{self._app.key}:{self._app.secret}".encode()).decode()
        try:
            answer = await http.get(self._app.base_url + PATH, {"authorization": f"Basic {allowed}"})
        except NotSent:
            raise NoToken(NOT_REACHED) from None
        except AnswerLost:  # another token costs nothing
            raise NoToken(NO_ANSWER) from None
        return _read(answer, asked_at)


def _read(answer: Answer, asked_at: float) -> Token:
    try:
        told = msgspec.json.decode(answer.body, type=_Answer, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError):
        told = _Answer()
    if answer.status == 200 and told.access_token:
        life = max(0.0, told.expires_in)
        return Token(Secret(told.access_token), asked_at + life - min(EARLY_SECONDS, life / 4))
    refused = codes.refusal(answer)
    if refused.meaning in (Meaning.OPERATOR, Meaning.TOKEN, Meaning.NEVER):
        raise NoToken(Refusal(Meaning.OPERATOR, codes.WRONG_KEYS))
    raise NoToken(Refusal(Meaning.NOT_NOW, codes.TOO_BUSY))


class _Answer(msgspec.Struct):
    access_token: str = ""
    expires_in: float = 3600.0


_shared: WeakValueDictionary[App, Tokens] = WeakValueDictionary()


def tokens_of(app: App) -> Tokens:
    """The token of an app, one for the whole process."""
    found = _shared.get(app)
    if found is None:
        found = _shared[app] = Tokens(app)
    return found
