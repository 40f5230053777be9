"""Fetching pip itself, for a Python that comes without ``ensurepip`` (Debian's python3 without python3-venv).

One pinned wheel, checked against its hash, from where the user's pip would take it: pip's own environment variables
and configuration files are honoured (index, extra indexes, links, no-index, certificate, proxy, trusted hosts).
Standard library only.
"""

from __future__ import annotations

import base64
import configparser
import hashlib
import html
import os
import re
import ssl
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

WHEEL = "pip-26.3-py3-none-any.whl"
SHA256 = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"
DEFAULT_INDEX = "https://pypi.org/simple"
TIMEOUT = 30.0
PAGE_AT_MOST = 4_000_000
WHEEL_AT_MOST = 10_000_000


class NotFetched(Exception):
    """pip can't be had; the sentence says where it was looked for and what to do."""


@dataclass(frozen=True)
class PipSettings:
    """What pip would be told by its environment and its configuration files."""

    indexes: tuple[str, ...]
    links: tuple[str, ...]
    certificate: str
    proxy: str
    trusted_hosts: frozenset[str]

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> PipSettings:
        """Files first, from the machine's to the user's; the environment wins."""
        found: dict[str, str] = {}
        for path in _files(environ):
            found |= _section_values(path)
        for name, value in environ.items():
            if name.startswith("PIP_") and value:
                found[name.removeprefix("PIP_").lower().replace("_", "-")] = value
        no_index = found.get("no-index", "").lower() in ("1", "true", "yes", "on")
        indexes = [found.get("index-url", DEFAULT_INDEX), *found.get("extra-index-url", "").split()]
        return cls(
            indexes=() if no_index else tuple(indexes),
            links=tuple(found.get("find-links", "").split()),
            certificate=found.get("cert", ""),
            proxy=found.get("proxy", ""),
            trusted_hosts=frozenset(found.get("trusted-host", "").split()),
        )


def _files(environ: Mapping[str, str]) -> list[Path]:
    """pip's configuration files in rising order of weight (pip's documentation, "Configuration")."""
    named = environ.get("PIP_CONFIG_FILE", "")
    if named == os.devnull:
        return []
    home = Path(environ.get("HOME") or "~").expanduser()
    machine = [Path(folder) / "pip" / "pip.conf" for folder in environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":")]
    user = Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "pip" / "pip.conf"
    site = Path(sys.prefix) / "pip.conf"
    return [*machine, Path("/etc/pip.conf"), home / ".pip" / "pip.conf", user, site, *([Path(named)] if named else [])]


def _section_values(path: Path) -> dict[str, str]:
    parser = configparser.RawConfigParser()
    try:
        parser.read(path, "utf-8")
    except (configparser.Error, UnicodeDecodeError) as error:
        raise NotFetched(f"pip's configuration file {path} can't be read: {type(error).__name__}.") from None
    values: dict[str, str] = {}
    for section in ("global", "install"):
        if parser.has_section(section):
            values |= {name.replace("_", "-"): value for name, value in parser.items(section)}
    return values


def fetch(folder: Path) -> Path:
    """Put the wheel into ``folder``. Raises NotFetched."""
    settings = PipSettings.read(os.environ)
    trouble = "" if settings.indexes or settings.links else "; pip is told to use no index"
    for source in _sources(settings):
        try:
            content = source()
        except (OSError, ValueError, LookupError) as error:  # URLError is an OSError, a bad URL a ValueError
            trouble = f"; the last trouble: {error}"
            continue
        if hashlib.sha256(content).hexdigest() == SHA256:
            target = folder / WHEEL
            target.write_bytes(content)
            return target
        trouble = "; what was found there is not the file that was meant"
    raise NotFetched(
        f"{WHEEL} could not be fetched{trouble}. Check the network and run the same command again; "
        "without one, set PIP_INDEX_URL to a mirror or PIP_FIND_LINKS to a folder that holds it."
    )


class _Source:
    """One place that may hold the wheel. Calling it returns the bytes; raises OSError, ValueError or LookupError."""

    def __init__(self, settings: PipSettings, place: str) -> None:
        self._settings = settings
        self._place = place

    def __call__(self) -> bytes:
        local = _local(self._place)
        if local is not None and (local / WHEEL).is_file():
            return (local / WHEEL).read_bytes()
        if local is not None:
            page = local / "index.html" if local.is_dir() else local
            return self._linked(page.read_text("utf-8"), page.as_uri())
        page_text, url = self._get(self._place, PAGE_AT_MOST)
        return self._linked(page_text.decode("utf-8", "replace"), url)

    def _linked(self, page: str, url: str) -> bytes:
        """Follow the page's link to the wheel (PEP 503)."""
        found = re.search(rf"""href=["']([^"']*{re.escape(WHEEL)}(?:\#[^"']*)?)["']""", page)
        if found is None:
            raise LookupError(f"{_shown(url)} does not offer {WHEEL}")
        target = urljoin(url, html.unescape(found[1])).partition("#")[0]
        local = _local(target)
        return local.read_bytes() if local is not None else self._get(target, WHEEL_AT_MOST)[0]

    def _get(self, url: str, most: int) -> tuple[bytes, str]:
        """The body and the final address. Credentials in an address go into a header, as servers expect them."""
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        request = urllib.request.Request(urlunsplit(parts._replace(netloc=host)), headers={"Accept": "text/html, */*"})  # noqa: S310
        if request.type not in ("http", "https"):
            raise ValueError(f"{_shown(url)} is not an http(s) address")
        if parts.username:
            secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            request.add_unredirected_header("Authorization", "Basic " + base64.b64encode(secret.encode()).decode())
        with self._opener(parts.hostname or "", parts.netloc).open(request, timeout=TIMEOUT) as answer:
            return answer.read(most), answer.geturl()

    def _opener(self, host: str, place: str) -> urllib.request.OpenerDirector:
        context = ssl.create_default_context()
        if self._settings.certificate:
            path = Path(self._settings.certificate)
            context.load_verify_locations(**({"capath": str(path)} if path.is_dir() else {"cafile": str(path)}))
        if {host, place} & self._settings.trusted_hosts:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        proxy = {"http": self._settings.proxy, "https": self._settings.proxy} if self._settings.proxy else None
        return urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=context), urllib.request.ProxyHandler(proxy)
        )


def _sources(settings: PipSettings) -> Iterator[_Source]:
    """Folders first: they need no network."""
    for place in settings.links:
        yield _Source(settings, place)
    for index in settings.indexes:
        yield _Source(settings, f"{index.rstrip('/')}/pip/")


def _local(place: str) -> Path | None:
    """The path of a ``file:`` address or of a plain path, None for everything else."""
    parts = urlsplit(place)
    if parts.scheme == "file":
        return Path(unquote(parts.path))
    return None if parts.scheme else Path(place).expanduser()


def _shown(url: str) -> str:
    """The address without credentials and query."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment=""))
