"""One call of the Inventory API: paced, with a token that holds, and its refusal read as an Outcome."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec
import trio

from adapters.crm._zoho.codes import NO_ANSWER, NOBODY_KNOWS, NOT_REACHED, TOKEN_REFUSED, meaning
from adapters.crm._zoho.tokens import Refused, Token, Tokens
from engine.address import MINUTE
from engine.messages import Outcome
from engine.pace import Pace
from engine.ports import Answer, AnswerLost, Http, NotSent

BASE = "/inventory/v1"
BURST = 10
"""Calls that may go at once after a rest; in any minute at most ``per_minute`` and these."""
WAIT_MOST = 3_600_000
"""ms; a longer wait that Zoho asks for is cut to this."""

Json = dict[str, Any]
Query = Mapping[str, str | int]

ENCODER = msgspec.json.Encoder(decimal_format="number")


class Calls:
    """The calls of one organisation, one after another."""

    def __init__(self, tokens: Tokens, organization: str, per_minute: int) -> None:
        self._tokens = tokens
        self._organization = organization
        self._pace = Pace(MINUTE / per_minute, min(BURST, per_minute))

    async def get(self, http: Http, path: str, query: Query) -> Json:
        """The body of a good answer. Raises Refused."""
        return await self._call(http, path, query, None)

    async def post(self, http: Http, path: str, body: Json) -> Json:
        """The same of something that changes what is there: UNKNOWN where nobody knows whether it did."""
        return await self._call(http, path, {}, ENCODER.encode(body))

    async def _call(self, http: Http, path: str, query: Query, body: bytes | None) -> Json:
        for last in (False, True):
            token = await self._tokens.current(http)
            answer = await self._asked(http, token, path, query, body)
            told, outcome = _read(answer, changes=body is not None)
            if outcome is None:
                return told
            if outcome != TOKEN_REFUSED or last:
                raise Refused(outcome)
            self._tokens.drop(token)
        raise AssertionError("the second refusal is raised")

    async def _asked(self, http: Http, token: Token, path: str, query: Query, body: bytes | None) -> Answer:
        await self._wait()
        asked = urlencode({"organization_id": self._organization, **query})
        url = f"{token.domain}{BASE}{path}?{asked}"
        headers = {"authorization": f"Zoho-oauthtoken {token.access}"}
        try:
            if body is None:
                return await http.get(url, headers)
            return await http.post(url, headers | {"content-type": "application/json"}, body)
        except NotSent:
            raise Refused(NOT_REACHED) from None
        except AnswerLost:
            raise Refused(NO_ANSWER if body is None else NOBODY_KNOWS) from None

    async def _wait(self) -> None:
        now = trio.current_time() * 1000
        pause = self._pace.wait(now)
        self._pace.take(now + pause)
        await trio.sleep(pause / 1000)


def _read(answer: Answer, changes: bool) -> tuple[Json, Outcome | None]:
    """The body, and what is wrong with it: ``code`` decides, whatever the HTTP status."""
    told = _decoded(answer.body)
    good = 200 <= answer.status < 300
    code = told.get("code", 0 if good else -1)
    if good and code == 0 and told:
        return told, None
    if good and not told:  # carried out, or cut short on its way
        return {}, NOBODY_KNOWS if changes else NO_ANSWER
    outcome = meaning(answer.status, code)
    if outcome.wait and (seconds := answer.headers.get("retry-after", "")).isdecimal():
        outcome = msgspec.structs.replace(outcome, wait=min(WAIT_MOST, 1000 * int(seconds[:9])))
    return told, outcome


def _decoded(body: bytes) -> Json:
    """The object that an answer is; empty when it is none."""
    try:
        told = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return told if isinstance(told, dict) else {}
