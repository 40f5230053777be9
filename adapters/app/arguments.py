"""The command line: every command, its options and an example, on one page. Standard library only.

Each command is one file of this folder, named like it, with ``run(options) -> int``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import NamedTuple, NoReturn

Parser = argparse.ArgumentParser
BENCH_PARTS = (
    *("pure", "channel", "turns", "timers", "campaign", "campaign-live", "sending", "memory", "start"),
    *("serving", "statuses", "overload", "onsale"),
)
"""The names of tests/bench/suite.py, which needs packages and can't be asked here; a test compares the two."""


CAMPAIGN_ACTIONS = (
    *("list", "create", "show", "preview", "test", "start", "schedule", "unschedule"),
    *("watch", "pause", "resume", "cancel", "results"),
)


class Command(NamedTuple):
    """``examples`` are what stands behind ``python3 run.py``. ``dev``: needs the developers' tools installed."""

    summary: str
    examples: tuple[str, ...]
    add: Callable[[Parser], None]
    dev: bool = False


def _demo(parser: Parser) -> None:
    parser.add_argument("--data", metavar="FOLDER", help="where the demo keeps its data (default: data/demo)")
    parser.add_argument(
        "--port", type=_port, default=8080, metavar="N", help="of the phone page (default: %(default)s)"
    )


def _serve(parser: Parser) -> None:
    parser.add_argument("--config", required=True, metavar="FILE", help="the TOML file; README.md, Settings")


def _check(parser: Parser) -> None:
    parser.add_argument("--config", required=True, metavar="FILE", help="the TOML file; README.md, Settings")
    parser.add_argument("--online", action="store_true", help="ask each provider whether the credentials work, too")


def _c2b(parser: Parser) -> None:
    parser.add_argument("shop", metavar="SHOP", help="the shop's name in the configuration")
    parser.add_argument("--config", required=True, metavar="FILE", help="the TOML file; README.md, Settings")


def _chat(parser: Parser) -> None:
    parser.add_argument("shop", metavar="SHOP", help="the shop's name, for example bakery")
    parser.add_argument(
        "--target", metavar="URL", help="the demo's address (default: the one on port 8080, else start a shop)"
    )
    parser.add_argument("--owner", action="store_true", help="from the phone of the shops' owner: say help")


def _phones(parser: Parser) -> None:
    parser.add_argument("--target", metavar="URL", help="the demo's address (default: start a shop just for this)")
    parser.add_argument("--phones", type=_count, default=100, metavar="N", help="how many (default: %(default)s)")
    parser.add_argument(
        "--arrivals",
        type=_rate,
        default=1.0,
        metavar="R",
        help="buyers per second, each with a whole order (default: 1)",
    )
    parser.add_argument("--seconds", type=_rate, default=30.0, metavar="S", help="how long buyers arrive (default: 30)")
    parser.add_argument("--shop", metavar="NAME", help="which one, or all (default: the only one)")
    parser.add_argument("--seed", type=_count, default=1, metavar="N", help="of the buyers' whims (default: 1)")
    parser.add_argument(
        "--at-most-ms",
        type=_rate,
        default=0.0,
        metavar="MS",
        help="fail when p95 of all turns is slower (default: no limit)",
    )
    parser.add_argument(
        "--pace",
        type=_count,
        default=1_000,
        metavar="N",
        help="the number's messages per second, when this starts the shop (default: %(default)s)",
    )
    parser.add_argument("--json", metavar="FILE", help="write the figures there too")


def _diagram(parser: Parser) -> None:
    parser.add_argument("flow", nargs="?", metavar="FLOW", help="one flow's name (default: all)")
    parser.add_argument("--mermaid", action="store_true", help="as Mermaid, which draws it, instead of lines")
    parser.add_argument("--write", action="store_true", help="renew engine/flows/README.md instead")


def _phrases(parser: Parser) -> None:
    parser.add_argument("language", nargs="?", metavar="LANGUAGE", help="one language's code (default: all)")
    parser.add_argument("--write", action="store_true", help="bring engine/locales/*.po up to the code first")


def _letters(parser: Parser) -> None:
    parser.add_argument(
        "action",
        choices=("list", "replay", "release"),
        help="list: all that is kept; replay: messages that crashed twice; release: addresses that crashed too often",
    )
    parser.add_argument(
        "what",
        nargs="*",
        metavar="WHICH",
        help="numbers to replay or addresses to release, as list shows them (default: all)",
    )
    parser.add_argument("--config", required=True, metavar="FILE", help="the TOML file of the stopped server")


def _campaign(parser: Parser) -> None:
    parser.add_argument("action", choices=CAMPAIGN_ACTIONS, metavar="ACTION", help=", ".join(CAMPAIGN_ACTIONS))
    parser.add_argument("what", nargs="?", default="", metavar="WHICH", help="the campaign's id, or the plan's file")
    parser.add_argument(
        "--target", default="http://127.0.0.1:8080", metavar="URL", help="the server's address (default: %(default)s)"
    )
    parser.add_argument("--shop", default="", metavar="NAME", help="which shop (default: the secret's)")
    parser.add_argument("--phone", default="", metavar="NUMBER", help="where a test is sent to")
    parser.add_argument("--skip-incomplete", action="store_true", help="start without those who lack a field")


def _goods(parser: Parser) -> None:
    parser.add_argument(
        "action",
        choices=("preview", "import", "export"),
        help="preview: what a file would change, and every fault in it; import: do that; export: what the shop has now",
    )
    parser.add_argument("file", metavar="FILE", help="a table, .csv or .xlsx")
    parser.add_argument("--config", required=True, metavar="FILE", help="the TOML file of the stopped server")
    parser.add_argument("--shop", metavar="NAME", help="which shop (default: the only one)")
    parser.add_argument("--what", choices=("products", "events"), help="(default: what the shop is configured with)")


def _bench(parser: Parser) -> None:
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(BENCH_PARTS)} (default: all)")
    parser.add_argument("--folder", metavar="DIR", help="where databases are made: the disk to measure (default: temp)")
    parser.add_argument("--json", metavar="FILE", help="write the figures there too")


def _nothing(parser: Parser) -> None:
    """A command without options."""


def _test(parser: Parser) -> None:
    parser.usage = "python3 run.py test [PYTEST ARGUMENTS]"
    parser.epilog = f"Everything behind `test` goes to pytest as it stands.\n\n{parser.epilog}"


COMMANDS = {
    "demo": Command("five shops, a fake WhatsApp and a phone in the browser; needs no account", ("demo",), _demo),
    "serve": Command("run the shops of a configuration file", ("serve --config shop.toml",), _serve),
    "check": Command(
        "say what is still missing before serve, and what to enter where",
        ("check --config shop.toml", "check --config shop.toml --online"),
        _check,
    ),
    "c2b": Command(
        "tell M-Pesa where a shop's payments by hand come in",
        ("c2b coffee --config shop.toml",),
        _c2b,
    ),
    "chat": Command("talk to a shop in the terminal", ("chat bakery", "chat bakery --owner"), _chat),
    "phones": Command(
        "load a shop with simulated phones, and check every answer and its books",
        (
            "phones --shop bakery --phones 1000 --arrivals 10 --seconds 60 --json phones.json",
            "phones --shop all --target http://127.0.0.1:8080",
        ),
        _phones,
    ),
    "diagram": Command(
        "print the diagrams of the flows, drawn from their code",
        ("diagram", "diagram counter --mermaid", "diagram --write"),
        _diagram,
    ),
    "phrases": Command(
        "say what is not translated yet, and renew the translators' files",
        ("phrases", "phrases sw", "phrases --write"),
        _phrases,
    ),
    "bench": Command(
        "measure speed and memory on this machine", ("bench --json bench.json", "bench pure turns"), _bench
    ),
    "token": Command("make a secret for the API of a shop, and its hash for the configuration", ("token",), _nothing),
    "letters": Command(
        "see messages that met a bug and were kept, and replay them; the server must be stopped",
        (
            "letters list --config shop.toml",
            "letters replay 17 --config shop.toml",
            "letters release --config shop.toml",
        ),
        _letters,
    ),
    "campaign": Command(
        "plan, try, start, pause and watch a campaign of a running server, whose secret is in SOKONI_SECRET",
        (
            "campaign create plan.json",
            "campaign preview mangoes",
            "campaign test mangoes --phone +254712345678",
            "campaign start mangoes",
        ),
        _campaign,
    ),
    "goods": Command(
        "see what a file of products or events would change, take it in, or write one; the server must be stopped",
        (
            "goods export products.xlsx --config shop.toml",
            "goods preview products.xlsx --config shop.toml",
            "goods import products.xlsx --config shop.toml",
        ),
        _goods,
    ),
    "test": Command("run the tests", ("test", "test tests/engine -k cart"), _test, dev=True),
}


class _OneSentence(Parser):
    """Says what is wrong in one line; argparse prints the whole usage before it."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"sokoni: {message}. See: {self.prog} --help\n")


def parse(arguments: list[str]) -> argparse.Namespace:
    """The options of one command; ``command``, ``needs_dev`` and ``rest`` (for pytest) are always there.

    Exits with 0 after help and 2 after a mistake.
    """
    parser = _parser()
    if not arguments:
        parser.print_help(sys.stderr)
        sys.exit(2)
    options, rest = parser.parse_known_args(arguments)
    if options.command == "test":
        rest = arguments[arguments.index("test") + 1 :]
    elif rest:
        parser.error(f"{options.command} does not know {' '.join(rest)}")
    options.needs_dev = COMMANDS[options.command].dev
    options.rest = rest
    return options


def _parser() -> Parser:
    parser = _OneSentence(
        prog="python3 run.py",
        usage="python3 run.py COMMAND [OPTIONS]",
        description="Sokoni: a whole shop inside WhatsApp, in one process.",
        epilog="Each command explains itself: python3 run.py COMMAND --help",
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(
        dest="command", metavar="COMMAND", required=True, title="commands", prog=parser.prog
    )
    for name, command in COMMANDS.items():
        head = "example" if len(command.examples) == 1 else "examples"
        examples = "\n".join(f"  python3 run.py {example}" for example in command.examples)
        command.add(
            commands.add_parser(
                name,
                help=command.summary,
                description=f"{command.summary[0].upper()}{command.summary[1:]}.",
                epilog=f"{head}:\n{examples}",
                formatter_class=argparse.RawDescriptionHelpFormatter,
                allow_abbrev=False,
            )
        )
    return parser


# -- values ----------------------------------------------------------------------------------------------------------
def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1, found {text!r}")
    return int(text)


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"expected a port from 0 (any free one) to 65535, found {text!r}")
    return int(text)


def _rate(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number above 0, found {text!r}")
    return value
