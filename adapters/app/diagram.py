"""``run.py diagram``: the flows as their code draws them, in the terminal or into engine/flows/README.md."""

from __future__ import annotations

import argparse
from pathlib import Path

from engine import diagram, flows

PAGE = Path(flows.__file__).with_name("README.md")


def run(options: argparse.Namespace) -> int:
    """Print one flow or all; with ``--write`` renew the page of all. Raises ConfigError for an unknown flow."""
    if options.write:
        PAGE.write_text(diagram.readme(map(flows.flow_named, flows.names())), "utf-8")
        print(f"Written: {PAGE}")
        return 0
    draw = diagram.mermaid if options.mermaid else diagram.text
    names = [options.flow] if options.flow else flows.names()
    print("\n".join(draw(flows.flow_named(name)) for name in names), end="")
    return 0
