"""Two processes on one file: the second is refused with one sentence, the first does not notice."""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

import trio

from tests.torture.bakery import NUMBER
from tests.torture.order import Order
from tests.torture.phones import Phone
from tests.torture.shopkeeper import ROOT, Shopkeeper
from tests.torture.town import provider, webhook

CONFIG = """
[server]
bind = "127.0.0.1:0"
public_url = "https://shop.example.test"
[storage]
url = "sqlite:///{database}"
[[shop]]
name = "bakery"
flow = "counter"
currency = "INR"
locale = "en_IN"
catalogue = "bakery.csv"
[shop.channel]
kind = "whatsapp_cloud"
path = "/api/whatsappwebhook"
phone_number_id = "200000000000077"
access_token = "t"
app_secret = "s"
verify_token = "v"
"""


async def test_a_second_process_on_the_same_file_is_refused_with_one_sentence(tmp_path: Path) -> None:
    """``run.py serve`` ends with exit code 2 and one sentence that names the file, no traceback. The first goes on; and
    once it is killed another may start at once, for the lock dies with its process."""
    database = tmp_path / "shop.db"
    (tmp_path / "shop.toml").write_text(CONFIG.format(database=database))
    (tmp_path / "bakery.csv").write_text("sku,name,price\ncookie,Cookie,50.00\n")
    async with provider() as (fake, url):
        keeper = Shopkeeper(Order(str(database), url), tmp_path / "server.log")
        try:
            await keeper.start()
            fake.set_webhook(NUMBER.phone_number_id, webhook(await keeper.port()))
            code, told = await second_instance(tmp_path / "shop.toml")
            assert (code, told.count("\n")) == (2, 1), told
            assert str(database) in told
            await Phone(fake, "254733000001").order(random.Random(1))
            await keeper.kill()
            await keeper.start()
            await keeper.port()
            assert await keeper.stop() == 0
        finally:
            await keeper.aclose()


async def second_instance(config: Path) -> tuple[int, str]:
    """The command that people type: its exit code and what it said on stderr."""
    ended = await trio.run_process(
        [sys.executable, "run.py", "serve", "--config", str(config)],
        cwd=ROOT,
        env={**os.environ, "SOKONI_VENV": sys.prefix},
        capture_stdout=True,
        capture_stderr=True,
        check=False,
    )
    return ended.returncode, ended.stderr.decode()
