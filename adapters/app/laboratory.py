"""The sample shops with fake providers, all on loopback: what demo, chat and phones talk to.

    python -m adapters.app.laboratory FOLDER MESSAGES_PER_SECOND     as a process of its own, until its input ends

No account and no network: the shops are composed exactly as ``serve`` composes them, only that their channel's address
is the fake's, as are their payment provider's and their CRM's. Everything durable lies in one folder.
"""

from __future__ import annotations

import logging
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import trio

from adapters import logs
from adapters.app.accounts import (
    by_card,
    card_settings,
    channel_settings,
    daraja_settings,
    fake_account,
    fake_card_account,
    fake_daraja_account,
    fake_number,
    payments_settings,
    register,
    webhook_of,
)
from adapters.app.books import ShopBooks
from adapters.app.compose import WallClock, compose
from adapters.app.fake_crm import crm_config, zoho_accounts
from adapters.app.process import Process
from adapters.app.samples import DIGEST, OWNER, SHOPS, Sample
from adapters.config import (
    ChannelConfig,
    Config,
    OutboxConfig,
    PaymentsConfig,
    ServerConfig,
    ShopConfig,
    StorageConfig,
)
from adapters.phones.fake_daraja import FakeDaraja
from adapters.phones.fake_meta import FakeMeta
from adapters.phones.fake_pay import FakePay
from adapters.phones.fake_stripe import FakeStripe
from adapters.phones.fake_zoho import FakeZoho
from adapters.phones.meta.rules import FakeNumber, Rules
from adapters.phones.on_phones import OfDaraja, OfGhala, put_on_phones
from adapters.web.access import OwnerConfig, hashed, new_secret
from engine.errors import ConfigError
from engine.ports import Clock

ROOT = Path(__file__).parents[2]
HOST = "127.0.0.1"
PORTS_TRIED = 10
STOP_SECONDS = 25.0


class Laboratory:
    """``run`` serves until ``process.stop`` or cancelled; ``url`` is the provider's address once it runs, ``shop_url``
    the shops' own. ``secret`` opens the shops' API. ``owned``: the phone samples.OWNER owns the shops, and hears of
    each order; under load it is left out."""

    def __init__(
        self,
        folder: Path,
        port: int = 0,
        *,
        shops: Sequence[Sample] = SHOPS,
        rules: Rules | None = None,
        messages_per_second: int = 80,
        mark_read: bool = True,
        clock: Clock | None = None,
        owned: bool = False,
    ) -> None:
        self._folder = folder
        self._port = port
        self._pace = messages_per_second
        self._mark_read = mark_read
        self._clock = clock or WallClock()
        self.shops = tuple(shops)
        self._owner = OWNER if owned else ""
        self._numbers = [fake_number(shop, self._owner) for shop in self.shops]
        self._accounts = {shop.name: fake_account(shop) for shop in self.shops if shop.payments and not by_card(shop)}
        self._cards = {shop.name: fake_card_account(shop) for shop in self.shops if shop.payments and by_card(shop)}
        self.fake = FakeMeta(self._numbers, clock=self._clock, rules=rules or Rules())
        self.pay = FakePay(tuple(self._accounts.values()), clock=self._clock)
        self.stripe = FakeStripe(tuple(self._cards.values()), clock=self._clock)
        self._mpesas = {shop.name: fake_daraja_account(shop) for shop in self.shops if shop.daraja}
        self.daraja = FakeDaraja(tuple(self._mpesas.values()), clock=self._clock)
        put_on_phones(self.fake, OfGhala(self.pay), OfDaraja(self.daraja))
        self._crms = zoho_accounts(self.shops)
        self.zoho = FakeZoho(tuple(self._crms.values()), clock=self._clock)
        self.process: Process | None = None
        self.secret = ""
        self.url = ""
        self.shop_url = ""

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Start the fakes, then the shops. Raises ConfigError and StoreError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self.secret = owners_secret(self._folder)
        async with trio.open_nursery() as nursery:
            port = await first_free(nursery, self.fake, self._port)
            self.url = f"http://{HOST}:{port}"
            await nursery.start(self.pay.serve, HOST, 0)
            await nursery.start(self.stripe.serve, HOST, 0)
            await nursery.start(self.daraja.serve, HOST, 0)
            await nursery.start(self.zoho.serve, HOST, 0)
            self.process = compose(self._config(), self._clock)
            banks = {shop.name: self._banks(shop.name) for shop in self.shops}
            self.fake.books = ShopBooks(self.process.engine, self._clock, banks)
            shop_port = await nursery.start(self.process.run)
            self.shop_url = f"http://{HOST}:{shop_port}"
            for shop, number in zip(self.shops, self._numbers, strict=True):
                self.fake.set_webhook(number.phone_number_id, webhook_of(shop, self.shop_url))
                if shop.payments:
                    bank = self.stripe if by_card(shop) else self.pay
                    bank.set_webhook(shop.name, f"{self.shop_url}/s/{shop.name}{shop.payments}")
            task_status.started()
            await self.process.stopped.wait()
            nursery.cancel_scope.cancel()

    def _config(self) -> Config:
        bind = f"{HOST}:{free_port()}"  # known beforehand, since tickets and receipts are linked to it
        return Config(
            server=ServerConfig(bind=bind, public_url=f"http://{bind}"),
            storage=StorageConfig(url=f"sqlite:///{self._folder.absolute() / 'shops.db'}"),
            outbox=OutboxConfig(),
            shops=tuple(self._shop(*one, f"http://{bind}") for one in zip(self.shops, self._numbers, strict=True)),
        )

    def _shop(self, shop: Sample, number: FakeNumber, public_url: str) -> ShopConfig:
        return ShopConfig(
            name=shop.name,
            title=shop.title,
            flow=shop.flow,
            currency=shop.currency,
            locale=shop.locale,
            timezone=shop.timezone,
            languages=shop.languages,
            catalogue=shop.catalogue,
            events=shop.events,
            terms=shop.terms,
            owner=self._owners(),
            payments=self._payments(shop, public_url),
            crm=crm_config(self._crms[shop.name], self.zoho.url) if shop.name in self._crms else None,
            channel=ChannelConfig(kind=shop.channel, settings=self._channel(shop, number)),
        )

    def _owners(self) -> OwnerConfig:
        phones = (self._owner,) if self._owner else ()
        return OwnerConfig(secrets=(hashed(self.secret),), phones=phones, digest=DIGEST if phones else "")

    def _channel(self, shop: Sample, number: FakeNumber) -> Any:
        return channel_settings(shop, number, self.url, pace=self._pace, mark_read=self._mark_read)

    def _banks(self, shop: str) -> tuple[str, ...]:
        """Where this shop's money is paid."""
        banks = ((self._accounts, self.pay.url), (self._cards, self.stripe.url), (self._mpesas, self.daraja.url))
        return tuple(url for accounts, url in banks if shop in accounts)

    def _payments(self, shop: Sample, public_url: str) -> tuple[PaymentsConfig, ...]:
        found: list[PaymentsConfig] = []
        if (mpesa := self._mpesas.get(shop.name)) is not None:
            settings = daraja_settings(mpesa, self.daraja.url)
            register(mpesa, settings, public_url)
            found.append(PaymentsConfig(kind="mpesa", settings=settings))
        if (card := self._cards.get(shop.name)) is not None:
            found.append(PaymentsConfig(kind="stripe", settings=card_settings(shop, card, self.stripe.url)))
        if (account := self._accounts.get(shop.name)) is not None:
            found.append(PaymentsConfig(kind="ghala", settings=payments_settings(shop, account, self.pay.url)))
        return tuple(found)


def owners_secret(folder: Path) -> str:
    """The secret of the shops' API, made at the first start and kept in a file of its own beside the data."""
    file = folder / "api-secret"
    try:
        return file.read_text("utf-8").strip()
    except FileNotFoundError:
        secret, _ = new_secret()
        file.touch(mode=0o600)
        file.write_text(secret + "\n", "utf-8")
        return secret


def free_port() -> int:
    """A port that nobody has just now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


async def first_free(nursery: trio.Nursery, fake: FakeMeta, port: int) -> int:
    """Start the fake on this port, or on one of the next few where it is taken (0: any). Raises ConfigError."""
    last = ConfigError("no port was tried")
    for candidate in range(port, port + PORTS_TRIED) if port else (0,):
        try:
            bound: int = await nursery.start(fake.serve, HOST, candidate)
        except ConfigError as error:
            last = error
        else:
            return bound
    raise last


@contextmanager
def apart(folder: Path, messages_per_second: int) -> Iterator[str]:
    """A laboratory in a process of its own, so that whoever loads it does not share its core: the provider's URL."""
    command = [sys.executable, "-m", "adapters.app.laboratory", str(folder), str(messages_per_second)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:  # noqa: S603
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            url = process.stdout.readline().strip()
            if not url:
                raise ConfigError("the shops for this test did not start; what they said stands above")
            yield url
            process.stdin.close()
            process.wait(timeout=STOP_SECONDS)
        finally:
            process.kill()


async def _until_input_ends(laboratory: Laboratory) -> None:
    async with trio.open_nursery() as nursery:
        await nursery.start(laboratory.run)
        print(laboratory.url, flush=True)
        await trio.to_thread.run_sync(sys.stdin.read)
        if laboratory.process is not None:
            laboratory.process.stop()


if __name__ == "__main__":
    logs.setup(sys.stderr, logs.key_of([]), level=logging.ERROR)
    trio.run(_until_input_ends, Laboratory(Path(sys.argv[1]), messages_per_second=int(sys.argv[2]), mark_read=False))
