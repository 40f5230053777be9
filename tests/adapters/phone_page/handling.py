"""A page of the browser phone, with what its tests ask of it most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.adapters.scripted_provider import ScriptedProvider

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

ME = "/#phone=254700000001&name=Asha"
HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=2</script>'
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 3


def expect(what: Locator) -> Any:
    from playwright.sync_api import expect as real

    return real(what)


class Phone:
    """A page, with what the tests ask of it most."""

    def __init__(self, page: Page, provider: ScriptedProvider) -> None:
        self.page = page
        self.provider = provider
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda line: self.complaints.append(line.text) if line.type == "error" else None)

    def open(self, where: str = ME) -> Phone:
        self.page.goto(self.provider.url + where)
        expect(self.at("#presence")).to_contain_text("online")
        return self

    def at(self, selector: str) -> Locator:
        return self.page.locator(selector)

    def say(self, words: str) -> None:
        self.page.fill("#text", words)
        self.page.press("#text", "Enter")

    @property
    def mine(self) -> Locator:
        return self.at(".row.mine")

    @property
    def theirs(self) -> Locator:
        return self.at(".row.theirs:not(.typing)")

    def menu(self, row: Locator, item: str) -> None:
        row.locator(".bubble").click(button="right")
        self.page.get_by_role("menuitem", name=item).click()
