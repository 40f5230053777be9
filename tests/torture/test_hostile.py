"""Names and texts that were meant to hurt: they come to nothing, in the replies, in the file and in the log."""

from __future__ import annotations

import sqlite3
import unicodedata
from contextlib import closing
from pathlib import Path

import trio

from tests.torture.bakery import NUMBER
from tests.torture.order import Order
from tests.torture.phones import Phone
from tests.torture.shopkeeper import PATIENCE, Shopkeeper
from tests.torture.town import Courier, body_of, provider, text_from, webhook

MARK = "zzqx"
"""Stands in every hostile text, so that it is found wherever it went."""

HOSTILE = {
    "SQL": f"{MARK}'); DROP TABLE orders; --",
    "HTML": f"<script>alert('{MARK}')</script><img src=x onerror=alert(1)>",
    "template braces": f"{MARK} {{title}} {{0.__class__.__mro__}} {{facts.now}} %s %(name)s ${{HOME}} {{{{7*7}}}}",
    "control characters": f"{MARK}\x00\x01\x07\x08\x1b[31mred\x1b[0m\x7f\x85",
    "bidirectional overrides": f"{MARK}\u202e0001 RNI\u202c \u2066hidden\u2069\u200f",
    "invisible characters": f"\u200b{MARK}\u2060\ufeff\u00ad",
    "a new line that looks like a log": f'{MARK}\n{{"event":"number_paused","level":"critical"}}',
    "a header": f"{MARK}\r\nX-Admin: yes\r\n\r\nGET / HTTP/1.1",
    "emoji": f"{MARK} 👩‍👩‍👧‍👦🏳️‍🌈\U0001f1f0\U0001f1ea" * 20,
    "combining marks": MARK + "a" + "\u0301\u0327\u0489" * 200,
    "lone surrogate": f"{MARK}\ud800\udfff",
    "hundred thousand letters": MARK * 25_000,
    "hundred thousand lines": f"{MARK}\n" * 20_000,
    "many numbers": "9" * 5_000 + MARK,
    "a path": f"../../../../etc/passwd%00{MARK}",
    "a formula": f'=HYPERLINK("http://{MARK}.example","click")',
    "JSON": f'{{"object":"{MARK}","entry":[{{}}]}}',
    "our own ids": f"word:agent {MARK} bakery/c0:1:0",
    "only spaces": " \u00a0\u2003\t ",
    "nothing": "",
}

STEPS = ("hi", "1, 2", "done", "Asha", "12 Test Road, Nairobi", "skip")
"""Said up to each of the flow's states; what is hostile is said in each of them."""

SAFE_CONTROLS = "\n"
BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def harmful(text: str) -> list[str]:
    """What may be in no text that we show or keep: controls, surrogates, and what turns the writing around."""
    return [
        hex(ord(one))
        for one in text
        if (unicodedata.category(one) in ("Cc", "Cs") and one not in SAFE_CONTROLS) or one in BIDI
    ]


async def test_hostile_texts_in_every_state_come_to_nothing(tmp_path: Path) -> None:
    """Each is answered, in each state, and the order at the end is placed; no kept name, address, note and no reply
    holds a control or turns the writing around, nothing in them was filled in or run; and the log of all that holds
    not a word and not a number of anybody."""
    database = tmp_path / "shop.db"
    async with provider() as (fake, url):
        keeper = Shopkeeper(Order(str(database), url), tmp_path / "server.log")
        try:
            await keeper.start()
            address = webhook(await keeper.port())
            fake.set_webhook(NUMBER.phone_number_id, address)
            with trio.fail_after(2 * PATIENCE):
                phones = [
                    await visitor(Phone(fake, str(254_766_000_000 + number), name), Courier(address), text)
                    for number, (name, text) in enumerate(HOSTILE.items())
                ]
                ordinary = Phone(fake, "254766999999")
                assert "Welcome" in await ordinary.ask("hi")
            assert await keeper.stop() == 0
        finally:
            await keeper.aclose()
    for phone, title in zip(phones, HOSTILE, strict=True):
        for reply in phone.replies:
            assert harmful(reply.text) == [], f"{title}: {reply.text[:200]!r}"
    braces = phones[list(HOSTILE).index("template braces")]
    assert any(
        "{title} {0.__class__.__mro__} {facts.now} %s %(name)s ${HOME} {{7*7}}" in r.text for r in braces.replies
    )
    with closing(sqlite3.connect(database)) as db:
        assert db.execute("SELECT count(*) FROM orders").fetchone() == (len(HOSTILE),)
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("SELECT count(*) FROM inbound").fetchone() == (sum(len(p.said) for p in phones) + 1,)
        kept = db.execute("SELECT name, address FROM customers").fetchall()
        kept += db.execute("SELECT name, address || instructions FROM orders").fetchall()
        assert [harmful(text) for row in kept for text in row if harmful(text)] == []
    log = keeper.log()
    assert MARK not in log
    assert "2547669" not in log
    assert "25476600" not in log
    assert "number_paused" not in log
    assert "crashed" not in log


async def visitor(phone: Phone, courier: Courier, text: str) -> Phone:
    """Somebody whose profile name and words are hostile, in every state up to a confirmed order."""
    number = 0

    async def post(words: str) -> None:
        """By hand, for the fake's own phones refuse the longest ones; answered like any other."""
        nonlocal number
        number += 1
        said = phone.said_by_hand(f"wamid.{phone.digits}.{number}", words)
        before = phone.turn
        raw = body_of(text_from(phone.digits, said.wamid, words, name=text or "?"))
        assert await courier.post(raw) == 200
        await phone.until(lambda: phone.turn > before)

    phone.say("help")  # opens the fake's 24-hour window
    await phone.until(lambda: phone.turn == 1)
    for step in STEPS:
        await post(step)
        await post(text)
        if step != "hi":
            await post(text)
    await post("confirm")
    return phone
