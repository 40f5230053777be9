"""The server that is measured: the real process, with one of the sample shops, on one core.

    python -m tests.bench.server --database FILE --provider http://127.0.0.1:9001 --secret S [--shop tickets]

Prints its port on a line of its own, then serves until its input ends.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import trio

from adapters.app.compose import compose
from adapters.app.samples import SHOPS, Sample
from adapters.app.serve import calm_gc
from adapters.channels.ghala import GhalaSettings
from adapters.channels.twilio import TwilioSettings
from adapters.channels.whatsapp_cloud import WhatsAppCloudSettings
from adapters.config import ChannelConfig, Config, OutboxConfig, ServerConfig, ShopConfig, StorageConfig
from adapters.settings import Secret

OUT_OF_THE_WAY = 100_000
"""Messages per second: no pace that could be the limit."""


def whatsapp_cloud(sample: Sample, options: argparse.Namespace) -> ChannelConfig:
    """The Cloud API at the provider."""
    settings = WhatsAppCloudSettings(
        path=sample.path,
        base_url=options.provider,
        phone_number_id=sample.number_id,
        access_token=Secret("bench"),
        app_secret=Secret(options.secret),
        verify_token=Secret("bench"),
        mark_read=options.mark_read,
        messages_per_second=OUT_OF_THE_WAY,
    )
    return ChannelConfig(kind="whatsapp_cloud", settings=settings)


def ghala(sample: Sample, options: argparse.Namespace) -> ChannelConfig:
    """Ghala's classic dialect at the provider."""
    settings = GhalaSettings(
        path=sample.path,
        base_url=options.provider,
        api_key=Secret("bench"),
        webhook_secret=Secret(options.secret),
        messages_per_second=OUT_OF_THE_WAY,
    )
    return ChannelConfig(kind="ghala", settings=settings)


def twilio(sample: Sample, options: argparse.Namespace) -> ChannelConfig:
    """Twilio at the provider."""
    settings = TwilioSettings(
        path=sample.path,
        base_url=options.provider,
        account_sid="AC" + "0" * 32,
        auth_token=Secret(options.secret),
        number="14155550100",
        mark_read=options.mark_read,
        fetch_minutes=0,
        messages_per_second=OUT_OF_THE_WAY,
    )
    return ChannelConfig(kind="twilio", settings=settings)


CHANNELS = {"whatsapp_cloud": whatsapp_cloud, "ghala": ghala, "twilio": twilio}


def config(options: argparse.Namespace) -> Config:
    """One shop with its number's pace out of the way. Its events may be others than the sample's; no money is taken."""
    sample = next(one for one in SHOPS if one.name == options.shop)
    shop = ShopConfig(
        name=sample.name,
        title=sample.title,
        flow=sample.flow,
        currency=sample.currency,
        locale=sample.locale,
        timezone=sample.timezone,
        catalogue=sample.catalogue,
        events=Path(options.events) if options.events else sample.events,
        channel=CHANNELS[options.channel](sample, options),
    )
    return Config(
        server=ServerConfig(bind="127.0.0.1:0", public_url="http://127.0.0.1", connections=options.connections),
        storage=StorageConfig(url=f"sqlite:///{Path(options.database).absolute()}"),
        outbox=OutboxConfig(lanes=options.lanes),
        shops=(shop,),
    )


async def serve(options: argparse.Namespace) -> None:
    """Serve until standard input ends."""
    process = compose(config(options))
    async with trio.open_nursery() as nursery:
        port = await nursery.start(process.run)
        calm_gc()
        print(port, flush=True)
        await trio.to_thread.run_sync(sys.stdin.read)
        process.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", required=True)
    parser.add_argument("--provider", required=True)
    parser.add_argument("--secret", required=True)
    parser.add_argument("--shop", default="bakery")
    parser.add_argument("--channel", default="whatsapp_cloud", choices=CHANNELS)
    parser.add_argument("--events", default="", help="a file of events in place of the shop's own")
    parser.add_argument("--mark-read", action="store_true")
    parser.add_argument("--connections", type=int, default=2_048)
    parser.add_argument("--lanes", type=int, default=32)
    trio.run(serve, parser.parse_args())


if __name__ == "__main__":
    main()
