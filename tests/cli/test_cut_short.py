"""Imports that are killed, interrupted or started twice: real processes on one database."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from backend.cli.demo import files


def started(url: str, *words: str | Path) -> subprocess.Popen[str]:
    """Start the real command on the test's database."""
    return subprocess.Popen(  # noqa: S603 -- our own program, no shell
        [sys.executable, "-m", "backend.cli.main", "import", *map(str, words)],
        env=os.environ | {"TGJ_DATABASE_URL": url},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def until_it_waits(owner: psycopg.Connection, process: subprocess.Popen[str]) -> None:
    """Return when some session waits for a lock on ``parcel_area``: parcels are inserted."""
    for _ in range(1200):
        waiting = owner.execute(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'parcel_area'::regclass"
        ).fetchone()
        if waiting and waiting[0]:
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    pytest.fail("the import never came to its second table")


@pytest.mark.parametrize(
    ("how", "status"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)]
)
def test_an_import_cut_short_leaves_nothing(
    county: files.CountyFiles,
    database_url: str,
    owner: psycopg.Connection,
    how: signal.Signals,
    status: int,
) -> None:
    """Killed or interrupted between its two tables, an import has written neither."""
    with psycopg.connect(database_url) as holder:
        holder.execute("LOCK TABLE parcel_area IN SHARE MODE")
        process = started(database_url, "parcels", county.parcels)
        until_it_waits(owner, process)
        process.send_signal(how)
        _, said = process.communicate(timeout=20)
    assert process.returncode == status
    assert "Traceback" not in said
    for _ in range(200):
        open_now = owner.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND state <> 'idle'"
        ).fetchone()
        if open_now == (0,):
            break
        time.sleep(0.05)
    else:
        pytest.fail("the import's session is still at work")
    assert owner.execute("SELECT count(*) FROM parcel").fetchone() == (0,)


def test_two_clerks_with_one_file(
    county: files.CountyFiles, database_url: str, owner: psycopg.Connection
) -> None:
    """Started together, one import writes every parcel and the other finds them all there."""
    both = [started(database_url, "parcels", county.parcels) for _ in range(2)]
    told = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0], told
    created = sorted("新增 60" in out for out, _ in told)
    assert created == [False, True], told
    assert owner.execute("SELECT count(*) FROM parcel").fetchone() == (60,)
