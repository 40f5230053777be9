"""Settings: what is right becomes a Config, and every mistake is named at once with its key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import msgspec
import pytest
from msgspec import Meta

from adapters.config import Config, ServerConfig
from adapters.loading import load
from adapters.settings import Secret
from adapters.web.access import crew_of
from engine.crew import Crew
from engine.errors import ConfigError

TOKEN = "EAAG-very-secret-token"
GOOD = f"""
[server]
bind = "127.0.0.1:8080"
public_url = "https://shop.example.test"
[storage]
url = "sqlite:///data/shop.db"
[[shop]]
name = "bakery"
flow = "counter"
currency = "INR"
locale = "en_IN"
catalogue = "bakery.csv"
[shop.channel]
kind = "fake"
phone_number_id = "200000000000002"
access_token = "{TOKEN}"
app_secret = "app-secret-value"
messages_per_second = 80
"""


class FakeSettings(msgspec.Struct, frozen=True, kw_only=True):
    """A channel's settings as a channel declares them."""

    phone_number_id: Annotated[str, Meta(pattern="^[0-9]+$", description="digits, as the provider shows them")]
    access_token: Secret
    app_secret: Secret
    mark_read: bool = True
    messages_per_second: Annotated[int, Meta(ge=1, le=1000)] = 80


class TitledSettings(FakeSettings, frozen=True, kw_only=True):
    """A channel with a key that shops have too."""

    title: str = ""


Read = Callable[..., Config]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Load a text as a configuration file that stands beside its catalogue."""
    (tmp_path / "bakery.csv").write_text("sku,name,price\n")

    def read(text: str = GOOD, environ: Mapping[str, str] | None = None) -> Config:
        file = tmp_path / "shop.toml"
        file.write_text(text, "utf-8")
        return load(file, environ or {}, {"fake": FakeSettings, "titled": TitledSettings}, ("cart", "counter"))

    return read


def refused(read: Read, text: str = GOOD, environ: Mapping[str, str] | None = None) -> list[str]:
    """The sentences of the ConfigError, without its heading."""
    with pytest.raises(ConfigError) as caught:
        read(text, environ)
    return [line.strip() for line in str(caught.value).splitlines()[1:]]


def test_a_full_file_is_read_with_defaults_for_the_rest(read: Read, tmp_path: Path) -> None:
    config = read()
    (shop,) = config.shops
    assert (config.server.host, config.server.port) == ("127.0.0.1", 8080)
    assert config.storage.path == tmp_path / "data/shop.db"
    assert (shop.name, shop.title, shop.timezone, shop.session_minutes) == ("bakery", "Bakery", "UTC", 30)
    assert shop.catalogue == tmp_path / "bakery.csv"
    assert not shop.channel.dev_mode
    assert shop.channel.settings == FakeSettings(
        phone_number_id="200000000000002", access_token=Secret(TOKEN), app_secret=Secret("app-secret-value")
    )
    assert config.warnings == ()


MISTAKES = [
    (
        "an unknown key, with what was probably meant",
        'bind = "127.0.0.1:8080"',
        'bnid = "127.0.0.1:8080"',
        ["server.bnid: unknown key; did you mean bind?"],
    ),
    (
        "an unknown table",
        "[storage]",
        "[sotrage]",
        ["sotrage: unknown key; did you mean storage?", "storage.url: missing"],
    ),
    (
        "a number out of bounds",
        "messages_per_second = 80",
        "messages_per_second = 2000",
        ["shop.bakery.channel.messages_per_second: expected a whole number from 1 to 1000, found 2000"],
    ),
    (
        "a number where text is expected",
        '"200000000000002"',
        "200000000000002",
        ["shop.bakery.channel.phone_number_id: expected digits, as the provider shows them, found 200000000000002"],
    ),
    (
        "text where a switch is expected",
        "messages_per_second = 80",
        'mark_read = "yes"',
        ['shop.bakery.channel.mark_read: expected true or false, found "yes"'],
    ),
    (
        "a required value that is missing",
        'currency = "INR"',
        "",
        ["shop.bakery.currency: missing; expected a currency code"],
    ),
    ("an invented currency", '"INR"', '"INX"', ["shop.bakery.currency: expected a currency code of ISO 4217"]),
    ("an invented locale", '"en_IN"', '"klingon"', ["shop.bakery.locale: expected a locale"]),
    (
        "an invented time zone",
        'flow = "counter"',
        'flow = "counter"\ntimezone = "Asia/Atlantis"',
        ["shop.bakery.timezone: expected a time zone"],
    ),
    (
        "a time zone that would lead out of the database",
        'flow = "counter"',
        'flow = "counter"\ntimezone = "../../etc/passwd"',
        ["shop.bakery.timezone: expected a time zone"],
    ),
    ("an unknown flow", '"counter"', '"conter"', ['shop.bakery.flow: expected one of cart, counter, found "conter"']),
    (
        "an unknown channel",
        '"fake"',
        '"fakee"',
        ['shop.bakery.channel.kind: unknown channel "fakee"; did you mean fake?'],
    ),
    (
        "no channel",
        "[shop.channel]",
        "[shop.chanel]",
        ["shop.bakery.chanel: unknown key", "shop.bakery.channel: missing"],
    ),
    (
        "a catalogue that is not there",
        "bakery.csv",
        "cakes.csv",
        ["shop.bakery.catalogue: expected a file that is there"],
    ),
    (
        "a name that can't be in an address",
        '"bakery"',
        '"The Bakery"',
        ["shop.The Bakery.name: expected 1 to 40 small letters"],
    ),
    ("an address without a port", "127.0.0.1:8080", "127.0.0.1", ["server.bind: expected HOST:PORT"]),
    ("a public address with a path", "example.test", "example.test/shop", ["server.public_url: expected"]),
    ("another store", "sqlite:///", "mysql://", ['storage.url: expected "sqlite:///PATH"']),
    ("no secret", f'access_token = "{TOKEN}"', "", ["shop.bakery.channel.access_token: missing; expected a secret"]),
    (
        "an empty secret",
        f'"{TOKEN}"',
        '""',
        ["shop.bakery.channel.access_token: expected a secret: text without spaces"],
    ),
    (
        "insecure behind a public address",
        "[server]",
        "[server]\ninsecure = true",
        ["server.insecure: allowed only when bind and public_url are both on loopback"],
    ),
]


@pytest.mark.parametrize(("title", "old", "new", "starts"), MISTAKES, ids=[case[0] for case in MISTAKES])
def test_a_mistake_is_named(read: Read, title: str, old: str, new: str, starts: list[str]) -> None:
    assert GOOD.count(old) >= 1, title
    problems = refused(read, GOOD.replace(old, new, 1))
    assert len(problems) == len(starts), problems
    for problem, start in zip(problems, starts, strict=True):
        assert problem.startswith(start)


def test_all_mistakes_are_named_at_once(read: Read) -> None:
    text = GOOD.replace('"INR"', '"inr"').replace("= 80", "= 0").replace("[server]", "[server]\nlanes = 4")
    assert len(refused(read, text)) == 3


def test_a_file_that_is_not_there_and_one_that_is_no_toml_are_one_sentence_each(read: Read, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can't be read: No such file"):
        load(tmp_path / "none.toml", {}, {}, ())
    with pytest.raises(ConfigError, match="is not a TOML file"):
        read("[server\n")


# -- environment -----------------------------------------------------------------------------------------------------
def test_every_kind_of_value_can_come_from_the_environment(read: Read, tmp_path: Path) -> None:
    config = read(
        environ={
            "SOKONI_SERVER_BIND": "0.0.0.0:9000",
            "SOKONI_OUTBOX_LANES": "8",
            "SOKONI_OUTBOX_UNKNOWN_AFTER_SECONDS": "2.5",
            "SOKONI_STORAGE_URL": "sqlite:////var/lib/sokoni.db",
            "SOKONI_SHOP_BAKERY_LANGUAGES": "en, hi",
            "SOKONI_SHOP_BAKERY_CHANNEL_DEV_MODE": "on",
            "SOKONI_SHOP_BAKERY_CHANNEL_MARK_READ": "false",
            "SOKONI_SHOP_BAKERY_CHANNEL_ACCESS_TOKEN": "another",
            "SOKONI_VENV": "elsewhere",
            "PATH": "/bin",
        }
    )
    (shop,) = config.shops
    assert config.server.bind == "0.0.0.0:9000"
    assert (config.outbox.lanes, config.outbox.unknown_after_seconds) == (8, 2.5)
    assert config.storage.path == Path("/var/lib/sokoni.db")
    assert shop.languages == ("en", "hi")
    assert shop.channel.dev_mode
    assert not shop.channel.settings.mark_read
    assert str(shop.channel.settings.access_token) == "another"


def test_a_hyphen_in_a_shops_name_is_an_underscore_in_its_variables(read: Read) -> None:
    config = read(GOOD.replace('"bakery"', '"tea-house"'), {"SOKONI_SHOP_TEA_HOUSE_CHANNEL_APP_SECRET": "s3"})
    assert str(config.shops[0].channel.settings.app_secret) == "s3"


def test_an_unknown_variable_of_ours_is_a_mistake(read: Read) -> None:
    (problem,) = refused(read, environ={"SOKONI_SERVER_BNID": "x"})
    assert problem == "SOKONI_SERVER_BNID: unknown environment variable; did you mean SOKONI_SERVER_BIND?"


def test_a_bad_variable_is_named_beside_its_key(read: Read) -> None:
    (problem,) = refused(read, environ={"SOKONI_OUTBOX_LANES": "many"})
    assert problem == 'outbox.lanes: expected a whole number from 1 to 256, found "many" (from SOKONI_OUTBOX_LANES)'


# -- the shop's own people -------------------------------------------------------------------------------------------
CREW = GOOD.replace("[shop.channel]", "[shop.owner]\nphones = {}\nstaff = {}\n[shop.channel]")


def test_phones_of_owners_and_staff_are_read_as_people_write_them(read: Read) -> None:
    config = read(CREW.format('["+254 712-345 678"]', '["(0091) 98"]').replace("(0091) 98", "91 98000 00001"))
    assert crew_of(config.shops[0].owner) == Crew(("254712345678",), ("919800000001",))


def test_a_phone_that_is_none_is_named(read: Read) -> None:
    (problem,) = refused(read, CREW.format('["0712345678"]', "[]"))
    assert problem == (
        "shop.bakery.owner.phones: expected phones with their country's code, for example "
        '"+254712345678", found "0712345678"'
    )


def test_a_phone_is_an_owners_or_the_staffs_not_both(read: Read) -> None:
    (problem,) = refused(read, CREW.format('["+254712345678"]', '["254712345678"]'))
    assert problem == "shop.bakery.owner.phones: +254712345678 stands here or in staff twice"


# -- secrets ---------------------------------------------------------------------------------------------------------
def test_a_secret_comes_from_a_file_beside_the_configuration(read: Read, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-the-file\n")
    in_table = read(GOOD.replace(f'access_token = "{TOKEN}"', 'access_token_file = "token"'))
    by_variable = read(environ={"SOKONI_SHOP_BAKERY_CHANNEL_ACCESS_TOKEN_FILE": str(tmp_path / "token")})
    assert str(in_table.shops[0].channel.settings.access_token) == "from-the-file"
    assert str(by_variable.shops[0].channel.settings.access_token) == "from-the-file"


def test_a_secret_file_that_is_not_there_is_named(read: Read) -> None:
    (problem,) = refused(read, GOOD.replace(f'access_token = "{TOKEN}"', 'access_token_file = "token"'))
    assert problem.startswith(
        "shop.bakery.channel.access_token_file: the secret can't be read from token (No such file"
    )


def test_a_secret_given_twice_is_a_mistake(read: Read) -> None:
    (problem,) = refused(read, GOOD + 'access_token_file = "token"\n')
    assert problem.startswith("shop.bakery.channel.access_token: given twice")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (f'"{TOKEN}"', f'"{TOKEN} with a space"'),
        ("access_token =", "acess_token ="),
        (f'access_token = "{TOKEN}"', f'access_token = ["{TOKEN}"]'),
        ("app_secret =", f'access_token_file = "{TOKEN}.txt"\napp_secret ='),
    ],
    ids=["malformed", "under a misspelt key", "in a list", "given twice"],
)
def test_no_error_shows_a_secret(read: Read, old: str, new: str) -> None:
    assert TOKEN not in "\n".join(refused(read, GOOD.replace(old, new)))


def test_no_repr_shows_a_secret(read: Read) -> None:
    config = read()
    assert TOKEN not in repr(config)
    assert "app-secret-value" not in repr(config)
    assert f"{config.shops[0].channel.settings.access_token}" == TOKEN, "it still works where it is needed"


# -- insecure --------------------------------------------------------------------------------------------------------
LOCAL = GOOD.replace("https://shop.example.test", "http://localhost:8080").replace(
    "[server]", "[server]\ninsecure = true"
)


@pytest.mark.parametrize("bind", ["127.0.0.1:8080", "localhost:0", "[::1]:8080"])
def test_insecure_starts_without_secrets_on_loopback_and_warns(read: Read, bind: str) -> None:
    text = LOCAL.replace("127.0.0.1:8080", bind).replace(f'access_token = "{TOKEN}"', "")
    config = read(text)
    assert config.shops[0].channel.settings.access_token == ""
    assert "believed without a signature" in config.warnings[0]


@pytest.mark.parametrize("bind", ["0.0.0.0:8080", "192.0.2.1:8080", "[::]:8080", "127.0.0.1.example:80"])
def test_insecure_is_refused_on_any_other_bind(read: Read, bind: str) -> None:
    (problem,) = refused(read, LOCAL.replace("127.0.0.1:8080", bind))
    assert problem.endswith(f'server.bind is "{bind}"')


# -- several shops ---------------------------------------------------------------------------------------------------
SECOND = GOOD[GOOD.index("[[shop]]") :]


def test_two_shops_need_two_names_and_two_numbers(read: Read) -> None:
    assert refused(read, GOOD + SECOND) == ["shop.bakery: 2 shops have this name"]
    assert refused(read, GOOD + SECOND.replace('"bakery"', '"cakes"')) == [
        "shop.cakes.channel.phone_number_id: 200000000000002 is also that of shop bakery"
    ]
    other = SECOND.replace('"bakery"', '"cakes"').replace("200000000000002", "200000000000003")
    assert [shop.name for shop in read(GOOD + other).shops] == ["bakery", "cakes"]


def test_no_shop_is_a_mistake(read: Read) -> None:
    assert refused(read, GOOD[: GOOD.index("[[shop]]")]) == ["shop: expected at least one [[shop]] table"]


def test_names_whose_variables_would_be_the_same_are_refused(read: Read) -> None:
    clashing = GOOD.replace('"fake"', '"titled"')
    other = SECOND.replace('"bakery"', '"bakery-channel"').replace("200000000000002", "200000000000003")
    assert refused(read, clashing + other) == [
        "shop.bakery-channel.title: its environment variable SOKONI_SHOP_BAKERY_CHANNEL_TITLE "
        "is also that of shop.bakery.channel.title; rename the shop"
    ]


def test_the_port_and_host_of_an_ipv6_address() -> None:
    server = ServerConfig(bind="[::1]:8080", public_url="http://localhost")
    assert (server.host, server.port) == ("::1", 8080)
