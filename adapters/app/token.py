"""``run.py token``: make a secret for a shop's API and door, and say where its hash belongs."""

from __future__ import annotations

import argparse

from adapters.web.access import new_secret


def run(options: argparse.Namespace) -> int:
    """Print a fresh secret and its hash; nothing is stored."""
    secret, kept = new_secret()
    print("A new secret for the API of a shop. It is shown only now; Sokoni keeps its hash.\n")
    print(f"  Secret   {secret}")
    print(f"  Hash     {kept}\n")
    print("Put the hash into the shop's table of the configuration:\n")
    print(f'  [shop.owner]\n  secrets = ["{kept}"]\n')
    print("Use the secret as bearer token (Authorization: Bearer …), or as password of the user `owner`.")
    return 0
