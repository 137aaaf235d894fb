"""`tgj serve` and `tgj worker`: the HTTP service and the background jobs."""

import argparse
import asyncio
import contextlib
from typing import Any

import uvicorn

from backend.api.app import create_app
from backend.cli.database import running_database
from backend.core.clock import Clock, SystemClock
from backend.core.db import Database
from backend.core.jobs import job_app
from backend.core.settings import Settings
from backend.gateways.weather import WeatherGateway, weather_gateway
from backend.operations import tasks as operations_tasks
from backend.operations.solving import Means

_BLUEPRINTS = (operations_tasks.blueprint,)
_CLOSE_IDLE_AFTER_S = 15


def add_parser(commands: Any) -> None:
    """Add both commands to `tgj`."""
    serve = commands.add_parser("serve", help="启动服务 / serve the API")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8000)
    serve.set_defaults(run=run_serve)
    worker = commands.add_parser("worker", help="后台任务 / run background jobs")
    worker.add_argument("--once", action="store_true", help="do what is queued, then stop")
    worker.set_defaults(run=run_worker)


def run_serve(arguments: argparse.Namespace, settings: Settings) -> int:
    """Serve until interrupted. The embedded database gets its jobs done in this process too."""
    with running_database(settings) as url:
        embedded = settings.database_url is None
        asyncio.run(serve(settings, url, arguments.host, arguments.port, with_worker=embedded))
    return 0


def run_worker(arguments: argparse.Namespace, settings: Settings) -> int:
    """Run jobs until interrupted, or until the queue is empty."""
    with running_database(settings) as url:
        asyncio.run(work(settings, url, wait=not arguments.once))
    return 0


async def serve(
    settings: Settings,
    url: str,
    host: str,
    port: int,
    *,
    with_worker: bool,
    clock: Clock | None = None,
) -> None:
    """Serve the application at ``host:port``; idle connections are closed after 15 s."""
    config = uvicorn.Config(
        create_app(settings, database_url=url, clock=clock),
        host=host,
        port=port,
        log_level="warning",
        timeout_keep_alive=_CLOSE_IDLE_AFTER_S,
        timeout_graceful_shutdown=10,
        server_header=False,
    )
    jobs_done = work(settings, url, wait=True, clock=clock) if with_worker else None
    worker = None if jobs_done is None else asyncio.create_task(jobs_done)
    try:
        await uvicorn.Server(config).serve()
    finally:
        if worker is not None:
            worker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await worker


async def work(
    settings: Settings,
    url: str,
    *,
    wait: bool,
    clock: Clock | None = None,
    weather: WeatherGateway | None = None,
) -> None:
    """Run jobs; with ``wait`` for ever, else until none is left.

    ``clock`` and ``weather`` stand in for the machine's clock and the configured source.
    """
    database = await Database.open(url, connections=4)
    clock = clock or SystemClock()
    means = Means(
        weather=weather or weather_gateway(settings, clock),
        clock=clock,
        workers=settings.solver_workers,
    )
    app = job_app(url, [make() for make in _BLUEPRINTS])
    try:
        async with app.open_async():
            await app.run_worker_async(
                wait=wait,
                concurrency=1,
                install_signal_handlers=False,
                additional_context={"database": database, "means": means},
            )
    finally:
        await database.close()
