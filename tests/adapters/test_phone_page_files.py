"""How the browser phone's files are served, without a browser."""

from __future__ import annotations

import json
from typing import Any

import pytest

from adapters.phones.page import PhoneShop, knows, page_app, policy

SHOP = PhoneShop("2", "Mkate Bakery", "+254 700 000 900", owner="254700000099")


async def ask(path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    """One request through the bare ASGI callable."""
    sent: list[Any] = []
    given = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": method, "path": path, "headers": [(b"host", b"127.0.0.1:9"), *given]}

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    async def send(event: Any) -> None:
        sent.append(event)

    await page_app(lambda: [SHOP])(scope, receive, send)
    start, body = sent
    return start["status"], {k.decode(): v.decode() for k, v in start["headers"]}, body["body"]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/static/phone.js", "text/javascript; charset=utf-8"),
        ("/static/phone.css", "text/css; charset=utf-8"),
        ("/favicon.ico", "image/svg+xml"),
    ],
)
async def test_each_file_comes_with_its_type_and_the_policy(path: str, kind: str) -> None:
    status, headers, body = await ask(path)
    assert (status, headers["content-type"]) == (200, kind)
    assert int(headers["content-length"]) == len(body) > 0
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert headers["x-content-type-options"] == "nosniff"
    assert knows(path)


async def test_the_shops_are_asked_for_at_every_request() -> None:
    _, _, body = await ask("/shops.json")
    [shop] = json.loads(body)["shops"]
    assert (shop["number"], shop["title"], shop["display_number"]) == ("2", "Mkate Bakery", "+254 700 000 900")


async def test_the_page_knows_whose_the_shops_are() -> None:
    _, _, body = await ask("/shops.json")
    assert json.loads(body)["shops"][0]["owner"] == "254700000099"
    _, _, script = await ask("/static/dialogs.js")
    assert b"The shops' owner" in script


async def test_an_unchanged_file_is_not_sent_again() -> None:
    _, headers, _ = await ask("/static/phone.js")
    assert await ask("/static/phone.js", if_none_match=headers["etag"]) == (304, _without_length(headers), b"")
    status, _, body = await ask("/static/phone.js", if_none_match='"another"')
    assert status == 200
    assert body


def _without_length(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name != "content-length"}


async def test_head_has_the_length_but_no_body() -> None:
    _, headers, body = await ask("/", "HEAD")
    assert int(headers["content-length"]) > 0
    assert body == b""


@pytest.mark.parametrize("path", ["/static/", "/static/../page.py", "/static/%2e%2e/page.py", "/etc/passwd", "/static"])
async def test_only_the_folders_own_names_can_be_asked_for(path: str) -> None:
    status, _, _ = await ask(path)
    assert status == 404


async def test_posting_is_refused() -> None:
    status, headers, _ = await ask("/", "POST")
    assert (status, headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    ("host", "sockets"),
    [
        ("127.0.0.1:8081", " ws://127.0.0.1:8081 wss://127.0.0.1:8081"),
        ("[::1]:8081", " ws://[::1]:8081 wss://[::1]:8081"),
        ("evil; script-src *", ""),
        ("evil *", ""),
        ("", ""),
    ],
)
def test_the_policy_names_the_socket_of_a_plain_host_only(host: str, sockets: str) -> None:
    assert f"connect-src 'self'{sockets};" in policy(host)
    assert "*;" not in policy(host).partition("img-src")[0]
