"""`tgj openapi`: write the OpenAPI document, or compare it with the committed one."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from backend.api.app import create_app
from backend.core.settings import Settings


def add_parser(commands: Any) -> None:
    """Add the command to `tgj`."""
    command = commands.add_parser("openapi", help="接口文档 / the OpenAPI document")
    command.add_argument("file", type=Path, nargs="?", default=Path("openapi/openapi.json"))
    command.add_argument("--check", action="store_true", help="compare, write nothing")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Write the document; with ``--check`` exit 1 when the committed one differs."""
    made = rendered(settings)
    if arguments.check:
        committed = arguments.file.read_text(encoding="utf-8") if arguments.file.exists() else ""
        if committed == made:
            return 0
        print(f"{arguments.file} 与程序不一致，请运行 make openapi", file=sys.stderr)
        print(f"{arguments.file} differs from the application: make openapi", file=sys.stderr)
        return 1
    arguments.file.parent.mkdir(parents=True, exist_ok=True)
    arguments.file.write_text(made, encoding="utf-8")
    return 0


def rendered(settings: Settings) -> str:
    """Return the document as it is committed: sorted keys, two spaces, a newline at the end."""
    document = create_app(settings, database_url="").openapi()
    return json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
