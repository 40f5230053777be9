"""``run.py campaign``: plan, try, start, pause and watch a campaign of a running server, over its API.

The secret is read from SOKONI_SECRET or asked for: on the command line every user of the machine could read it.
"""

from __future__ import annotations

import argparse
import getpass
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import trio

from adapters.phones.progress import TTY_EVERY, Progress, State
from engine.errors import BadInput

SECRET = "SOKONI_SECRET"  # noqa: S105 - the name of a variable
SECONDS = 30.0
WATCH_EVERY = 1.0
LOST_AT_MOST = 30
"""Times in a row that a server may be silent while it is watched: it may restart meanwhile."""
OVER = ("completed", "cancelled")
STANDING = ("draft", "scheduled", "paused")
"""Where nothing goes on by itself, so that nobody need watch."""
OPEN = ("queued", "sending", "held")
MOVES = ("start", "schedule", "unschedule", "pause", "resume", "cancel")
ASKS = ("show", "preview", "results")
LISTED = 50


def run(options: argparse.Namespace) -> int:
    """0 when it was done, 1 when the server says why not. Raises BadInput where it can't even be asked."""
    parts = urlsplit(options.target)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise BadInput(f"--target: expected http://HOST:PORT or https://HOST, found {options.target!r}.")
    if options.action not in ("list", "create") and not options.what:
        raise BadInput(f"campaign {options.action} needs the campaign's id; see: python3 run.py campaign list")
    if options.action == "create" and not options.what:
        raise BadInput("campaign create needs a file with the plan as JSON; README.md, Campaigns, has one.")
    if options.action == "test" and not options.phone:
        raise BadInput("campaign test needs --phone NUMBER, where every variant is sent to.")
    return trio.run(_run, options, _secret())


def _secret() -> str:
    """From the environment, or typed where somebody sits at a terminal."""
    secret = os.environ.get(SECRET, "")
    if not secret and sys.stdin.isatty():
        secret = getpass.getpass("Secret of the shop's API: ")
    if not secret:
        raise BadInput(f"The secret of the shop's API is missing: put it into {SECRET}.")
    return secret


async def _run(options: argparse.Namespace, secret: str) -> int:
    base = options.target.rstrip("/") + (f"/s/{quote(options.shop)}" if options.shop else "")
    headers = {"authorization": f"Bearer {secret}"}
    async with httpx.AsyncClient(base_url=base, headers=headers, timeout=SECONDS, trust_env=False) as http:
        server = Server(http)
        try:
            return await _act(server, options)
        except Refused as refused:
            for line in refused.lines:
                print(f"sokoni: {line}", file=sys.stderr)
            return 1


class Refused(Exception):
    """The server says no; ``lines`` say why."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__(*lines)
        self.lines = lines


class Silent(Exception):
    """Nobody answers."""


class Server:
    """The API of one shop's campaigns."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def ask(self, method: str, path: str = "", body: object = None) -> Any:
        """The answer's JSON. Raises Refused, and Silent where there is none."""
        try:
            answer = await self._http.request(method, f"/api/admin/campaigns{path}", json=body)
        except httpx.HTTPError as error:
            raise Silent(f"{self._http.base_url} does not answer ({type(error).__name__}).") from error
        try:
            told = answer.json()
        except ValueError:
            raise Refused([f"{self._http.base_url} is no server of Sokoni's: status {answer.status_code}."]) from None
        if answer.is_success:
            return told
        if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            raise Silent(str(told.get("message")))
        faults = [f"  {field}: {why}" for field, why in told.get("errors", {}).items()]
        raise Refused([str(told.get("message")), *faults])


async def _act(server: Server, options: argparse.Namespace) -> int:
    name = f"/{quote(options.what, safe='')}"
    try:
        match options.action:
            case "list":
                return _list((await server.ask("GET", f"?pageSize={LISTED}"))["data"])
            case "create":
                return _created(await server.ask("POST", body=_plan(Path(options.what))))
            case "watch":
                return await _watch(server, name)
            case "test":
                print((await server.ask("POST", f"{name}/test", {"phone": options.phone}))["message"])
                return 0
            case action if action in MOVES:
                return await _move(server, name, action, options)
            case action:
                return _show(await server.ask("GET", name if action == "show" else f"{name}/{action}"))
    except Silent as silent:
        raise Refused([str(silent)]) from silent


async def _move(server: Server, name: str, action: str, options: argparse.Namespace) -> int:
    body = {"skipIncomplete": options.skip_incomplete} if action in ("start", "schedule") else None
    print((await server.ask("POST", f"{name}/{action}", body))["message"])
    return await _watch(server, name) if action in ("start", "resume") else 0


def _plan(path: Path) -> Any:
    """The plan in a file. Raises BadInput."""
    try:
        return json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise BadInput(f"{path} can't be read: {error.strerror}.") from error
    except ValueError as error:
        raise BadInput(f"{path} is not JSON: {error}.") from error


# -- what is shown -----------------------------------------------------------------------------------------------------
def _list(found: list[Mapping[str, Any]]) -> int:
    for one in found:
        print(f"{one['id']:<16} {one['status']:<10} {one['name']}" + (f"  ({one['why']})" if one["why"] else ""))
    if not found:
        print("There is no campaign yet. See: python3 run.py campaign --help")
    return 0


def _created(told: Mapping[str, Any]) -> int:
    print(told["message"])
    print(f"Its id is {told['data']['id']}. Look at what would come of it: campaign preview {told['data']['id']}")
    return 0


def _show(told: object) -> int:
    print(json.dumps(told, indent=2, ensure_ascii=False))
    return 0


async def _watch(server: Server, name: str) -> int:
    """Show a campaign until nothing goes on any more. 0 when it is complete, or waits for somebody; 1 when it was
    paused or cancelled under way. The view may end at any time; the campaign goes on."""
    latest = await server.ask("GET", name)
    view = Progress(sys.stderr)
    lost = 0
    async with view.showing(lambda: state_of(latest)):
        while latest["status"] not in (*OVER, *STANDING):
            await trio.sleep(max(WATCH_EVERY, TTY_EVERY))
            try:
                latest, lost = await server.ask("GET", name), 0
            except Silent:
                lost += 1
                if lost > LOST_AT_MOST:
                    raise
    view.show(state_of(latest))
    print(file=sys.stderr)
    print(f"The campaign is {latest['status']}. {latest['why']}".rstrip())
    for state, count in latest["counts"].items():
        print(f"  {state:<10} {count:>9,}")
    return 1 if latest["status"] in ("paused", "cancelled") else 0


def state_of(told: Mapping[str, Any]) -> State:
    """How far a campaign is: of its recipients, how many need nothing more done."""
    counts: Mapping[str, int] = told["counts"]
    total = sum(counts.values())
    still = sum(counts.get(state, 0) for state in OPEN)
    more = ", ".join(f"{count:,} {state}" for state, count in counts.items() if count)
    shown = f"of {total:,}: {more}. {told['waits']}".rstrip(". ") if total else ""
    return State(told["status"], (total - still) / total if total else 0.0, shown)
