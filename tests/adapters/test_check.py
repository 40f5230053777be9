"""``run.py check``: what is still missing before serve, in plain words, and what to enter where."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio

from adapters.app import check
from adapters.app.arguments import parse
from adapters.channels import kinds
from adapters.crm import kinds as crm_kinds
from adapters.payments import kinds as provider_kinds
from adapters.phones.fake_meta import FakeMeta
from tests.adapters.test_whatsapp_cloud_and_fake import BAKERY, StillClock, link
from tests.adapters.whatsapp_cloud import NUMBER, SECRET, TOKEN

GOOD = f"""
[server]
public_url = "https://shop.example.com"
[storage]
url = "sqlite:///data/shop.db"
[[shop]]
name = "bakery"
flow = "counter"
currency = "INR"
locale = "en_IN"
catalogue = "bakery.csv"
[shop.owner]
secrets = ["sha256:{"0" * 64}"]
[shop.channel]
kind = "whatsapp_cloud"
path = "/hook"
phone_number_id = "{NUMBER}"
access_token = "EAAGm0PX4ZCpsBA"
app_secret = "abcdef0123456789"
verify_token = "blue-elephant"
"""
PAID = """
[[shop.payments]]
kind = "ghala"
api_key = "gk_live_71ab42"
webhook_secret = "whsec_9f8e7d"
[shop.channel]"""


class Checked:
    """What a check prints and answers."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._folder = folder
        self._capsys = capsys
        (folder / "bakery.csv").write_text("sku,name,price,stock\ncookie,Cookie,50,100\n")

    def __call__(self, text: str = GOOD, *more: str) -> tuple[int, str]:
        file = self._folder / "shop.toml"
        file.write_text(text, "utf-8")
        code = check.run(parse(["check", "--config", str(file), *more]))
        return code, self._capsys.readouterr().out


@pytest.fixture
def checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Checked:
    return Checked(tmp_path, capsys)


def test_a_shop_that_lacks_nothing_can_start_and_hears_what_to_enter_at_its_provider(
    checked: Checked, tmp_path: Path
) -> None:
    code, said = checked()
    assert (code, "can start" in said) == (0, True)
    assert "It can" not in said
    assert "callback URL https://shop.example.com/hook" in said
    assert "shop.bakery.channel.verify_token" in said
    assert not any(secret in said for secret in ("EAAGm0PX4ZCpsBA", "abcdef0123456789", "blue-elephant"))
    assert not (tmp_path / "data").exists(), "nothing is made by looking"


def test_every_mistake_of_the_configuration_is_named_at_once(checked: Checked) -> None:
    code, said = checked(GOOD.replace('"INR"', '"RUPEES"').replace("[server]", "[server]\nbnid = 1"))
    assert code == 1
    assert "2 mistakes" in said


SENTENCES = [
    ("a placeholder", 'access_token = "EAAGm0PX4ZCpsBA"', 'access_token = "YOUR_TOKEN"', 1, "access_token is a placeh"),
    ("a word of the docs", "abcdef0123456789", "changeme", 1, "app_secret is a placeholder"),
    ("a prefix of the docs", "abcdef0123456789", "whsec_XXXXXXXX", 1, "app_secret is a placeholder"),
    ("another prefix", "abcdef0123456789", "sk_test_...", 1, "app_secret is a placeholder"),
    ("too short a secret", "blue-elephant", "abc", 1, "verify_token is a placeholder"),
    ("no TLS", "https://shop.example.com", "http://shop.example.com", 1, "https:// only"),
    ("loopback", "https://shop.example.com", "https://localhost", 1, "it is this machine"),
    ("a private network", "https://shop.example.com", "https://192.168.1.4", 1, "private network"),
    ("a number", "https://shop.example.com", "https://8.8.8.8", 1, "it is a number"),
    ("no name of the internet's", "https://shop.example.com", "https://shop.local", 1, "no name of the internet"),
    ("a port", "https://shop.example.com", "https://shop.example.com:8443", 0, "names port 8443"),
    ("open to other machines", "[server]", '[server]\nbind = "0.0.0.0:80"', 0, "reverse proxy"),
    ("no owner's secret", f'secrets = ["sha256:{"0" * 64}"]', "", 0, "run.py token"),
    (
        "a way that nobody takes",
        "[shop.owner]",
        '[shop.terms]\nways = ["cash", "mpesa"]\n[shop.owner]',
        1,
        "nobody takes mpesa",
    ),
    ("a bank without account", "[shop.owner]", '[shop.terms]\nways = ["bank"]\n[shop.owner]', 0, "terms.bank is empty"),
    ("phones without a template", "secrets =", 'phones = ["+254712345678"]\nsecrets =', 0, "no template for notice"),
    ("a template that is not mapped", 'flow = "counter"', 'flow = "wholesale"', 0, "no template for reminder"),
]


@pytest.mark.parametrize(("before", "after", "code", "said"), [s[1:] for s in SENTENCES], ids=[s[0] for s in SENTENCES])
def test_what_is_wrong_or_missing_is_said(checked: Checked, before: str, after: str, code: int, said: str) -> None:
    assert before in GOOD
    found = checked(GOOD.replace(before, after))
    assert said in found[1]
    assert found[0] == code


def test_a_faulty_catalogue_is_named(checked: Checked, tmp_path: Path) -> None:
    (tmp_path / "bakery.csv").write_text("sku,name,price,stock\ncookie,Cookie,cheap,100\n")
    code, said = checked()
    assert (code, "shop.bakery.catalogue" in said) == (1, True)


def test_a_disk_that_takes_no_file_is_named(checked: Checked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "_takes_files", lambda folder: False)
    code, said = checked()
    assert (code, "takes no file" in said) == (1, True)


def test_a_full_disk_is_named(checked: Checked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "ROOM_LEAST", 2**62)
    code, said = checked()
    assert (code, "MB are free" in said) == (0, True)


def test_payments_say_their_address_too(checked: Checked) -> None:
    code, said = checked(GOOD.replace("[shop.channel]", PAID))
    assert code == 0
    assert "https://shop.example.com/s/bakery/api/webhooks/ghala" in said


def test_every_kind_says_what_to_do_at_its_provider() -> None:
    """A stranger must not have to read code to connect a shop."""
    rooms = {**kinds(), **{f"{name} payments": kind for name, kind in provider_kinds().items()}}
    rooms |= {f"{name} crm": kind for name, kind in crm_kinds().items()}
    assert [name for name, kind in rooms.items() if not hasattr(kind.module, "advice")] == []


# -- online ----------------------------------------------------------------------------------------------------------
async def test_meta_says_whether_it_takes_the_token_for_the_number() -> None:
    async with link() as line:
        assert await line.channel.check(line.http) == ""
    async with link(access_token="another") as line:
        assert "access token" in await line.channel.check(line.http)
    async with link(phone_number_id="299999999999999") as line:
        assert "phone_number_id" in await line.channel.check(line.http)
    async with link() as line:
        line.channel._number_url = "http://127.0.0.1:9/v26.0/1"
        assert "could not be reached" in await line.channel.check(line.http)


@pytest.mark.parametrize(
    ("token", "code", "said"), [(TOKEN, 0, "credentials work"), ("wrong-token", 1, "access token")]
)
async def test_online_asks_each_provider(checked: Checked, token: str, code: int, said: str) -> None:
    fake = FakeMeta([BAKERY], clock=StillClock())
    async with trio.open_nursery() as nursery:
        port = await nursery.start(fake.serve, "127.0.0.1", 0)
        text = GOOD.replace("EAAGm0PX4ZCpsBA", token).replace("abcdef0123456789", SECRET)
        text = text.replace("verify_token", f'base_url = "http://127.0.0.1:{port}"\nverify_token')
        found = await trio.to_thread.run_sync(checked, text, "--online")
        nursery.cancel_scope.cancel()
    assert said in found[1]
    assert found[0] == code
