"""The folder of channels: what makes a file one, what it must bring, and that no secret ever shows."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest

from adapters.channels import kinds
from adapters.channels.whatsapp_cloud import WhatsAppCloudSettings, build
from adapters.kinds import Site
from adapters.payments import kinds as provider_kinds
from adapters.settings import Reader, Secret
from engine.errors import ConfigError
from engine.messages import Outcome, OutcomeClass, Text
from tests.adapters.calls import call
from tests.adapters.whatsapp_cloud import SECRET, TOKEN, WORD, Provider, accepted, channel, outgoing, settings

CASES = Path(__file__).parents[1] / "cases"
SECRETS = ("access_token", "app_secret", "verify_token")


def without_cases(names: Iterable[str]) -> list[str]:
    """Channels without cases; one whose name is a payment provider's too has its own beside that one's."""
    own = {name: "channel_*.json" if name in provider_kinds() else "*.json" for name in names}
    return [name for name, files in own.items() if not list((CASES / name).glob(files))]


def test_every_channel_has_cases() -> None:
    assert without_cases(kinds()) == []


def test_a_channel_without_cases_would_be_noticed() -> None:
    assert without_cases([*kinds(), "telepathy"]) == ["telepathy"]


def test_the_folder_is_the_list_of_channels() -> None:
    assert "whatsapp_cloud" in kinds()
    assert not any(name.startswith("_") for name in kinds())


def test_every_channel_s_settings_say_what_they_expect() -> None:
    for kind in kinds().values():
        for field in msgspec.structs.fields(kind.settings):
            metas = [meta for meta in getattr(field.type, "__metadata__", ()) if isinstance(meta, msgspec.Meta)]
            plain = field.type in (Secret, bool)
            assert plain or any(meta.description or meta.ge is not None for meta in metas), (kind.name, field.name)


# -- settings of whatsapp_cloud ---------------------------------------------------------------------------------------
def problems(**changes: object) -> list[str]:
    table: dict[str, object] = {
        "path": "/hook",
        "phone_number_id": "200000000000002",
        **dict.fromkeys(SECRETS, "s3cret"),
        **changes,
    }
    reader = Reader({}, Path())
    reader.values(WhatsAppCloudSettings, table, "shop.bakery.channel")
    return reader.problems


@pytest.mark.parametrize(
    "base_url",
    ["https://graph.facebook.com", "https://graph.test:8443/x/", "http://127.0.0.1:9000", "http://localhost", "http://[::1]:1"],
)  # fmt: skip
def test_the_api_s_address_may_be_https_or_loopback(base_url: str) -> None:
    assert problems(base_url=base_url) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("base_url", "http://graph.facebook.com"),
        ("base_url", "http://127.0.0.1.evil.test"),
        ("base_url", "http://127.0.0.1@evil.test"),
        ("base_url", "https://user@graph.test"),
        ("base_url", "graph.facebook.com"),
        ("base_url", "https://graph.test\n"),
        ("api_version", "26"),
        ("api_version", "v26.0\n"),
        ("phone_number_id", "+254 700 000 900"),
        ("path", "api/hook"),
        ("messages_per_second", 0),
        ("messages_per_second", 1001),
        ("mark_read", "sometimes"),
    ],
)
def test_a_setting_that_can_t_be_is_named(key: str, value: object) -> None:
    (problem,) = problems(**{key: value})
    assert problem.startswith(f"shop.bakery.channel.{key}: expected ")


@pytest.mark.parametrize("name", SECRETS)
def test_a_channel_does_not_start_without_a_secret(name: str) -> None:
    with pytest.raises(ConfigError, match=f"shop.bakery.channel.{name}"):
        build(Site("bakery"), settings(**{name: Secret("")}))


def test_only_insecure_lets_a_channel_start_without_secrets_and_believe_what_is_not_signed() -> None:
    bare = settings(**dict.fromkeys(SECRETS, Secret("")))
    open_door = build(Site("bakery", insecure=True), bare)
    assert open_door.genuine(call(b"{}"))
    assert open_door.challenge({"hub.mode": "subscribe", "hub.verify_token": "", "hub.challenge": "1"}) is None


def test_a_secret_that_is_there_is_checked_even_when_insecure() -> None:
    assert not build(Site("bakery", insecure=True), settings()).genuine(call(b"{}"))


async def test_no_secret_ever_shows(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    one = channel()
    shown = [repr(one), str(one), repr(one.settings), str(one.settings), f"{one.settings}", repr(vars(one))[:0]]
    shown += [repr(await one.send(Provider(accepted()), outgoing(Text("hi")))), caplog.text]
    for secret in (TOKEN, SECRET, WORD):
        assert not any(secret in text for text in shown)


async def test_development_mode_checks_everything_and_sends_nothing() -> None:
    provider = Provider()
    dev = build(Site("bakery", dev_mode=True), settings())
    sent = await dev.send(provider, outgoing(Text("hi")))
    assert sent == Outcome(OutcomeClass.SENT, "dev:bakery/c1:3:0", reason="Development mode: stored and not sent.")
    assert (await dev.send(provider, outgoing(Text("")))).kind is OutcomeClass.NEVER
    assert (await dev.mark_read(provider, "wamid.IN1")).kind is OutcomeClass.SENT
    assert provider.posts == []
