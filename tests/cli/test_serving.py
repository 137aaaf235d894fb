"""The worker as the command line starts it."""

import psycopg
import pytest

from backend.cli.serving import work
from backend.core.settings import Settings


async def test_a_second_worker_knows_its_jobs(
    database_url: str, owner: psycopg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    """Workers started one after another in one process both find the task of a queued job.

    The plan does not exist, so the task itself refuses; what must not happen is that the worker
    does not know the task.
    """
    for _ in range(2):
        owner.execute(
            "SELECT jobs.procrastinate_defer_jobs_v1(ARRAY[ROW('default', 'tgj:solve_plan', 0,"
            " 'x', NULL, %s::jsonb, NULL)::jobs.procrastinate_job_to_defer_v1])",
            ('{"org_id": 1, "plan_id": "019f1c2a-0000-7000-8000-000000000001"}',),
        )
        await work(Settings(), database_url, wait=False)
    rows = owner.execute("SELECT task_name, status FROM jobs.procrastinate_jobs").fetchall()
    assert rows == [("tgj:solve_plan", "failed")] * 2
    assert caplog.text.count("PlanNotFound") >= 2
    assert "TaskNotFound" not in caplog.text
