"""``python -m odb_nb.sandbox``: the sandbox as a server of its own, for other clients."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from datetime import datetime
from typing import TYPE_CHECKING, get_args, get_type_hints

from odb_nb.errors import InputError
from odb_nb.sandbox import Sandbox, Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

_READ = {datetime: datetime.fromisoformat}


def _parser() -> argparse.ArgumentParser:
    """One flag per switch, so that a new switch is a new flag."""
    parser = argparse.ArgumentParser(prog="python -m odb_nb.sandbox", description=__doc__)
    defaults = Settings()
    for name, hint in get_type_hints(Settings, include_extras=True).items():
        kind, meaning = hint.__origin__, hint.__metadata__[0]
        default = getattr(defaults, name)
        flag, text = f"--{name.replace('_', '-')}", f"{meaning} (default: {default})"
        if kind is bool:
            parser.add_argument(flag, action="store_true", help=text)
        elif choices := get_args(kind):
            parser.add_argument(flag, choices=choices, default=default, help=text)
        else:
            parser.add_argument(flag, type=_READ.get(kind, kind), default=default, help=text)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted or terminated; the exit status."""
    parser = _parser()
    chosen = vars(parser.parse_args(arguments))
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda _number, _frame: stop.set())
    try:
        with Sandbox(**chosen) as sandbox:
            sys.stdout.write(f"{sandbox.url}\n")
            sys.stdout.write("Base addresses end in /v1.0 or /beta; any made-up bearer token will do. Ctrl-C stops.\n")
            sys.stdout.flush()
            while not stop.wait(0.2):  # a wait without an end would not notice Ctrl-C on Windows
                pass
    except InputError as problem:
        parser.error(str(problem))
    return 0


if __name__ == "__main__":
    sys.exit(main())
