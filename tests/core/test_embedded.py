"""The embedded server: keeps its data, starts once for many, leaves nothing behind."""

import threading
from pathlib import Path

import psycopg

from backend.core.embedded import EmbeddedServer


def test_life_of_a_server(tmp_path: Path) -> None:
    """What was committed is there after a stop; removing leaves no folder."""
    server = EmbeddedServer(tmp_path / "home", settings={"fsync": "off"})
    server.start()
    try:
        assert server.running()
        with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
        server.stop()
        assert not server.running()
        server.stop()
        starters = [threading.Thread(target=server.start) for _ in range(3)]
        for starter in starters:
            starter.start()
        for starter in starters:
            starter.join()
        with psycopg.connect(server.url("postgres")) as connection:
            assert connection.execute("SELECT number FROM kept").fetchone() == (7,)
        assert server.data.stat().st_mode & 0o077 == 0
        assert server.socket_dir.stat().st_mode & 0o077 == 0
    finally:
        server.remove()
    assert not server.home.exists()
    assert not server.socket_dir.exists()
