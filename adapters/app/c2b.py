"""``run.py c2b``: tell Daraja where payments by hand are asked about and confirmed (protocols.md 3.2, "C2B").

In production Daraja takes a shortcode's addresses once and for all, so this is the operator's step, never the server's.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import trio

from adapters.app.compose import WallClock, connections, open_shop, read_config
from adapters.payments.mpesa import Mpesa
from engine.errors import BadInput, ConfigError


def run(options: argparse.Namespace) -> int:
    """0 when Daraja took the addresses, 1 when not. Raises ConfigError and BadInput."""
    provider = _provider(Path(options.config), options.shop)
    why = trio.run(_registered, provider)
    print(why or f"Daraja took the addresses of {options.shop}: payments by hand come in from now on.")
    return 1 if why else 0


def _provider(file: Path, name: str) -> Mpesa:
    config = read_config(file)
    shop = next((one for one in config.shops if one.name == name), None)
    if shop is None:
        names = ", ".join(one.name for one in config.shops)
        raise BadInput(f"{file} has no shop {name!r}; it has: {names}")
    opened = open_shop(shop, WallClock(), config.server.public_url, insecure=config.server.insecure)
    provider = next((one for one in opened.providers if isinstance(one, Mpesa)), None)
    if provider is None:
        raise ConfigError(f"shop.{name}.payments: no provider of kind mpesa")
    if not provider.settings.by_hand:
        raise ConfigError(f"shop.{name}.payments.by_hand: off; switch it on first, or its calls are refused")
    return provider


async def _registered(provider: Mpesa) -> str:
    async with connections()() as http:
        return await provider.register_c2b(http)
