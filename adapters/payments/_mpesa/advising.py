"""What an operator does at Daraja, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adapters.payments.mpesa import MpesaSettings


def advice(shop: str, settings: MpesaSettings, public_url: str) -> Sequence[str]:
    """What somebody with a Daraja account does to connect this shop, step by step."""
    here = f"shop.{shop}.payments"
    steps = [
        "At developer.safaricom.co.ke log in, My Apps, Create New App with Lipa Na M-Pesa Sandbox (and M-Pesa Sandbox "
        "for payments by hand).",
        f"Copy the app's Consumer Key and Consumer Secret to {here}.consumer_key and consumer_secret.",
        f"APIs, M-Pesa Express, Simulate, Test Credentials: shortcode (174379) and passkey go to {here}.shortcode and "
        "passkey.",
        f"Put a long random text into {here}.callback_secret (`openssl rand -hex 32`): it makes our addresses "
        "unguessable, since Daraja signs nothing. A new one ends what is still on phones: its callbacks are refused, "
        "and only questions find out.",
        "Set terms.ways to contain mpesa, and server.public_url to the https:// address at which Daraja reaches this "
        "server. Addresses of tunnels such as ngrok are refused for payments by hand.",
        "Pay from the shop's chat with your own Safaricom number: the sandbox puts a prompt on it and takes no money.",
    ]
    if settings.by_hand:
        steps.append(
            f"Payments by hand (by_hand): `run.py c2b {shop} --config FILE` registers our two addresses at Daraja, in "
            "production once and for all; ask Safaricom to switch validation on. Confirmations are believed by their "
            f"unguessable address: list where Daraja calls from in {here}.allowed_ips."
        )
    if not public_url.startswith("https://"):
        steps.append("server.public_url is not https://: Daraja calls nothing else.")
    if settings.environment == "sandbox":
        steps.append(f'For real money: Go Live at Daraja, then {here}.environment = "production" with its own keys.')
    return steps
