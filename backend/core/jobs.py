"""Background jobs on procrastinate: the queue lives in PostgreSQL, in the schema ``jobs``.

A slice's ``tasks.py`` makes a `procrastinate.Blueprint` of its tasks; the worker adds all of
them. `enqueue` writes the job in the caller's transaction, so a job exists exactly when the state
it has to move was committed.
"""

import json
from collections.abc import Iterable
from typing import Any

import procrastinate
from sqlalchemy import text

from backend.core.db import WriteSession

SCHEMA = "jobs"
_ENQUEUE = text(
    f"""
    SELECT {SCHEMA}.procrastinate_defer_jobs_v1(ARRAY[ROW(
      'default', :task, 0, :lock, NULL, CAST(:args AS jsonb), NULL
    )::{SCHEMA}.procrastinate_job_to_defer_v1])
    """
)


def job_app(url: str, blueprints: Iterable[procrastinate.Blueprint]) -> procrastinate.App:
    """Return the procrastinate application that a worker runs."""
    connector = procrastinate.PsycopgConnector(
        conninfo=url, kwargs={"options": f"-c search_path={SCHEMA}"}
    )
    app = procrastinate.App(connector=connector)
    for blueprint in blueprints:
        app.add_tasks_from(blueprint, namespace="tgj")
    return app


async def enqueue(session: WriteSession, task: str, *, lock: str, **arguments: Any) -> None:
    """Queue ``task`` (``tgj:name``) with JSON ``arguments`` in this transaction.

    Jobs with the same ``lock`` run one after another.
    """
    await session.execute(
        _ENQUEUE, {"task": task, "lock": lock, "args": json.dumps(arguments, default=str)}
    )
