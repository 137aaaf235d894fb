"""`tgj`: the command line of the service."""

import argparse
import importlib
import logging
import os
import sys
from collections.abc import Sequence

from backend.core.errors import DomainError
from backend.core.settings import Settings, SettingsRefused

_COMMANDS = {
    "demo": "demonstration",
    "serve": "serving",
    "worker": "serving",
    "migrate": "migrating",
    "import": "importing",
    "export": "exporting",
    "audit": "auditing",
    "organisation": "staffing",
    "user": "staffing",
    "openapi": "openapi_file",
}
"""Each command's module in this package; only the wanted one is loaded, which saves seconds."""


def parser(words: Sequence[str]) -> argparse.ArgumentParser:
    """Return the parser of the command that ``words`` name, or of all when they name none."""
    made = argparse.ArgumentParser(prog="tgj", description="田管家 Tianguanjia")
    made.add_argument("--verbose", action="store_true", help="log what happens, on stderr")
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    wanted = next((word for word in words if not word.startswith("-")), None)
    named = [_COMMANDS[wanted]] if wanted in _COMMANDS else list(_COMMANDS.values())
    for name in dict.fromkeys(named):
        importlib.import_module(f"backend.cli.{name}").add_parser(commands)
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status: 0 done, 1 refused, 2 wrong words or settings."""
    words = sys.argv[1:] if argv is None else argv
    try:
        return _run(words)
    except SettingsRefused as refused:
        print(refused, file=sys.stderr)
        return 2
    except DomainError as error:
        print(f"{error.sentence('zh')}\n{error.sentence('en')}", file=sys.stderr)
        for fault in error.faults:
            place = " ".join(
                str(part) for part in (fault.row, fault.field, fault.subject) if part is not None
            )
            print(f"  [{place}] {fault.zh} / {fault.en}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("已停止 / stopped", file=sys.stderr)
        return 130


def _run(words: Sequence[str]) -> int:
    arguments = parser(words).parse_args(words)
    logging.basicConfig(
        level=logging.INFO if arguments.verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    settings = Settings.from_environment(os.environ)
    status: int = arguments.run(arguments, settings)
    return status


if __name__ == "__main__":
    sys.exit(main())
