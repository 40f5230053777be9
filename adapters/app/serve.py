"""``run.py serve``: run the shops of a configuration file until told to stop."""

from __future__ import annotations

import argparse
import gc
import signal
import sys
from pathlib import Path

import trio
from msgspec.structs import replace

from adapters import logs
from adapters.app.compose import compose, read_config
from adapters.app.descriptors import affordable
from adapters.app.process import Process
from adapters.config import Config

GC_THRESHOLDS = (200_000, 20, 100)
"""With many turns under way their objects make young collections frequent although nearly all die by reference count:
at Python's own figures, or at 50,000, collecting took a tenth to a third of all time with 5,000 busy addresses."""


def run(options: argparse.Namespace) -> int:
    """Serve until SIGTERM or Ctrl-C, then stop gracefully. Raises ConfigError and StoreError."""
    config = read_config(Path(options.config))
    logs.setup(sys.stderr, logs.key_of(secrets_of(config)))
    for warning in config.warnings:
        print(f"WARNING: {warning}", file=sys.stderr)
    trio.run(_serve, _within_open_files(config))
    return 0


def _within_open_files(config: Config) -> Config:
    """The configuration with as many connections as the system grants open files for; says so when that is fewer."""
    wanted = config.server.connections
    connections = affordable(wanted, config.outbox.lanes)
    if connections < wanted:
        print(
            f"WARNING: the system grants open files for {connections} connections, not for server.connections = "
            f"{wanted}. Raise its limit (ulimit -n, LimitNOFILE=), or lower the setting.",
            file=sys.stderr,
        )
    return replace(config, server=replace(config.server, connections=connections))


def secrets_of(config: Config) -> list[str]:
    """Secrets of the configuration: the key of the log's address hashes is derived from them."""
    channels = [str(getattr(shop.channel.settings, "app_secret", "")) for shop in config.shops]
    paid = [str(getattr(one.settings, "webhook_secret", "")) for shop in config.shops for one in shop.payments]
    crms = [str(getattr(shop.crm.settings, "client_secret", "")) for shop in config.shops if shop.crm is not None]
    return channels + paid + crms


async def _serve(config: Config) -> None:
    process = compose(config)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(stop_on_signal, process, nursery)
        port = await nursery.start(process.run)
        calm_gc()
        print(
            f"Sokoni serves {', '.join(shop.name for shop in config.shops)} on {config.server.host}:{port}.", flush=True
        )
        for shop in config.shops:
            path = getattr(shop.channel.settings, "path", "/")
            print(f"  {shop.name}: webhook at {config.server.public_url.rstrip('/')}{path}", flush=True)
            for one in shop.payments:
                path = getattr(one.settings, "path", "/")
                print(f"  {shop.name}: {one.kind} payments at {config.server.public_url.rstrip('/')}{path}", flush=True)
        await process.stopped.wait()
        nursery.cancel_scope.cancel()


async def stop_on_signal(process: Process, nursery: trio.Nursery) -> None:
    """Stop gracefully at the first SIGTERM or Ctrl-C, at once at the second."""
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for _ in signals:
            if process.stopping:
                nursery.cancel_scope.cancel()
            process.stop()


def calm_gc() -> None:
    """What is alive after the start lives for long: the collector need not look at it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
