"""`tgj`: the command line of the service."""

import argparse
import logging
import os
import sys
from collections.abc import Sequence

from backend.cli import (
    auditing,
    demonstration,
    exporting,
    importing,
    migrating,
    openapi_file,
    serving,
)
from backend.core.errors import DomainError
from backend.core.settings import Settings, SettingsRefused

_COMMANDS = (
    demonstration,
    serving,
    migrating,
    importing,
    exporting,
    auditing,
    openapi_file,
)


def parser() -> argparse.ArgumentParser:
    """Return the whole parser; each command's module adds its own part."""
    made = argparse.ArgumentParser(prog="tgj", description="田管家 Tianguanjia")
    made.add_argument("--verbose", action="store_true", help="log what happens, on stderr")
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module in _COMMANDS:
        module.add_parser(commands)
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status: 0 done, 1 refused, 2 wrong words or settings."""
    arguments = parser().parse_args(argv)
    logging.basicConfig(
        level=logging.INFO if arguments.verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    try:
        settings = Settings.from_environment(os.environ)
        status: int = arguments.run(arguments, settings)
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
    return status


if __name__ == "__main__":
    sys.exit(main())
