"""`tgj demo`: a county from nothing, a whole season, the files it leaves, and the API."""

import argparse
import asyncio
import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from backend.cli.database import create_database, in_use
from backend.cli.demo.county import build_county
from backend.cli.demo.entrusting import entrust
from backend.cli.demo.paying import pay
from backend.cli.demo.setting_up import set_up
from backend.cli.demo.spraying import spray
from backend.cli.demo.stage import PASSWORD, Stage
from backend.cli.demo.telling import tell
from backend.cli.serving import serve
from backend.core import schema
from backend.core.clock import RunningClock, SteppedClock
from backend.core.crypto import Sealer
from backend.core.db import Database
from backend.core.embedded import EmbeddedServer
from backend.core.settings import Settings, SettingsRefused

PARCELS = 5650
"""About a tenth of the land is leased terraces, so that about 10,000 mu are sprayed."""
BEGINNING = datetime(2026, 2, 25, 1, tzinfo=UTC)
_DATABASE = "tgj_demo"
_FIGURES = (
    "collectives", "households", "parcels", "drones", "spray_mu_ordered", "spray_mu_planned",
    "plan_violations", "plan_seconds", "rent_fen", "wage_fen", "dividend_fen", "paid_fen",
    "failed_then_repaid", "vouchers", "trial_balance_difference_fen", "audit_chain_ok", "seconds",
)  # fmt: skip


def add_parser(commands: Any) -> None:
    """Add the command to `tgj`."""
    command = commands.add_parser("demo", help="演示一个作业季 / show a whole season")
    command.add_argument("--no-serve", action="store_true", help="结束后不启动服务 / do not serve")
    command.add_argument("--out", type=Path, default=Path("out"), metavar="DIR")
    command.add_argument("--host", default="127.0.0.1")
    command.add_argument("--port", type=int, default=8000)
    command.add_argument("--seed", type=int, default=2026)
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Show the season in a database of its own, made anew; a production setting is refused."""
    if settings.environment == "production":
        raise SettingsRefused("tgj demo: not in production")
    server = EmbeddedServer(settings.data_dir)
    with in_use(server):
        url = server.url(_DATABASE)
        create_database(server.url("postgres"), _DATABASE, anew=True)
        schema.upgrade(url)
        stage = asyncio.run(_season(arguments, settings, url))
        if not arguments.no_serve:
            _invite(arguments, stage)
            asyncio.run(
                serve(
                    settings,
                    url,
                    arguments.host,
                    arguments.port,
                    with_worker=True,
                    clock=RunningClock(stage.clock.now()),
                )
            )
    return 0


async def _season(arguments: argparse.Namespace, settings: Settings, url: str) -> Stage:
    """Play the acts in their order; end with one line of JSON on standard output."""
    started = time.perf_counter()
    console = Console(stderr=True)
    arguments.out.mkdir(parents=True, exist_ok=True)
    clock = SteppedClock(BEGINNING)
    county = build_county(seed=arguments.seed, parcels=PARCELS)
    database = await Database.open(url, connections=4)
    stage = Stage(
        settings=settings,
        database=database,
        clock=clock,
        sealer=Sealer(settings.master_key),
        county=county,
        out=arguments.out,
        console=console,
    )
    try:
        await set_up(stage)
        await entrust(stage)
        await spray(stage, url)
        await pay(stage)
        await tell(stage)
    finally:
        await database.close()
    stage.told["seconds"] = round(time.perf_counter() - started, 1)
    console.print(f"文件 files: {arguments.out.absolute()}")
    print(json.dumps({name: stage.told[name] for name in _FIGURES}), flush=True)
    return stage


def _invite(arguments: argparse.Namespace, stage: Stage) -> None:
    """Say where to look and how to sign in."""
    print(
        f"\n接口 API: http://{arguments.host}:{arguments.port}/docs\n"
        f"会计登录 accountant: kuaiji01 / {PASSWORD}\n"
        f"农户登录 farmer: 手机 {stage.farmer_phone}，验证码见下方日志 / the code appears below\n"
        "按 Ctrl-C 停止 / Ctrl-C stops\n",
        file=sys.stderr,
        flush=True,
    )
