"""Access tokens of the fake Daraja: Basic for a token, the token for everything else. A new one voids the old."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from typing import NamedTuple

import trio

from adapters.phones.daraja.book import DarajaAccount
from adapters.phones.daraja.refused import NO_TOKEN, WRONG_GRANT, WRONG_KEYS, WRONG_TOKEN

LIFE = 3599
"""Seconds that a token holds."""


class _Token(NamedTuple):
    text: str
    until: float


class AccessTokens:
    """The one token of each app."""

    def __init__(self, accounts: Iterable[DarajaAccount]) -> None:
        self._accounts = {account.name: account for account in accounts}
        self._tokens: dict[str, _Token] = {}
        self.made = 0

    def make(self, authorization: str, grant: str) -> dict[str, str]:
        """A new token for whoever shows its keys. Raises Refused."""
        scheme, _, given = authorization.partition(" ")
        try:
            key, _, secret = base64.b64decode(given, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise WRONG_KEYS from None
        account = next((one for one in self._accounts.values() if (one.key, one.secret) == (key, secret)), None)
        if scheme.lower() != "basic" or account is None:
            raise WRONG_KEYS
        if grant != "client_credentials":
            raise WRONG_GRANT
        self.made += 1
        text = f"token-{account.name}-{self.made}"
        self._tokens[account.name] = _Token(text, trio.current_time() + LIFE)
        return {"access_token": text, "expires_in": str(LIFE)}

    def whose(self, authorization: str) -> DarajaAccount:
        """Whose token it is. Raises Refused."""
        scheme, _, given = authorization.partition(" ")
        if scheme.lower() != "bearer" or not given:
            raise NO_TOKEN
        for name, token in self._tokens.items():
            if token.text == given and trio.current_time() < token.until:
                return self._accounts[name]
        raise WRONG_TOKEN

    def void(self, account: DarajaAccount) -> None:
        """Its token holds no longer."""
        self._tokens.pop(account.name, None)
