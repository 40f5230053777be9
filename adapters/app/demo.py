"""``run.py demo``: the sample shops with a fake WhatsApp on this machine, and a phone in the browser."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

import trio

from adapters import logs
from adapters.app.descriptors import ask_for_all
from adapters.app.laboratory import Laboratory
from adapters.app.samples import OWNER
from adapters.app.serve import calm_gc, stop_on_signal

DATA = Path("data") / "demo"
NUMBERS = {4: "four", 5: "five"}


def run(options: argparse.Namespace) -> int:
    """Serve until Ctrl-C. Raises ConfigError and StoreError."""
    folder = Path(options.data) if options.data else DATA
    logs.setup(sys.stderr, logs.key_of([]), level=logging.WARNING)
    ask_for_all()
    trio.run(_demo, folder, options.port)
    return 0


async def _demo(folder: Path, port: int) -> None:
    laboratory = Laboratory(folder, port, owned=True)
    async with trio.open_nursery() as nursery:
        await nursery.start(laboratory.run)
        assert laboratory.process is not None
        nursery.start_soon(stop_on_signal, laboratory.process, nursery)
        calm_gc()
        _say(laboratory, folder, port)
        await laboratory.process.stopped.wait()
        nursery.cancel_scope.cancel()


def _say(laboratory: Laboratory, folder: Path, port: int) -> None:
    if not laboratory.url.endswith(f":{port}") and port:
        print(f"Port {port} is taken; using {laboratory.url.rpartition(':')[2]} instead.")
    target = "" if laboratory.url.endswith(":8080") else f" --target {laboratory.url}"
    count = NUMBERS.get(len(laboratory.shops), str(len(laboratory.shops)))
    print(f"Sokoni demo: {count} shops, a fake WhatsApp, M-Pesa and Zoho on this machine. No account, no network.\n")
    print(f"  Phone in the browser   {laboratory.url}/")
    print(f"  The owner's phone      {laboratory.url}/#phone={OWNER}&name=The+owner   (say help to a shop)")
    print("  Phone in a terminal")
    for shop in laboratory.shops:
        print(f"    python3 run.py chat {shop.name:<8}{target}   {shop.title}: {shop.about}")
    print(f"  Are the shops well?    {laboratory.shop_url}/ready")
    print(f"  The shops' API         {laboratory.shop_url}/s/SHOP/…   secret: {laboratory.secret}")
    print(f"  What was paid          {laboratory.daraja.url}/control/payments (M-Pesa)")
    print(f"                         {laboratory.pay.url}/control/payments (Ghala)")
    print(f"  What was paid by card  {laboratory.stripe.url}/control/payments")
    print(f"  The dealer's CRM       {laboratory.zoho.url}/control/salesorders, …/control/stock")
    print(f"  Data                   {folder.absolute()} (delete it to begin anew)\n")
    print("Say hi to a shop. Ctrl-C here stops the demo.", flush=True)
