"""Database servers of one's own: started in a folder that is thrown away, reached by a socket in it alone."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import sleep

__all__ = ["Server", "mariadb", "postgres"]

WAIT_S = 30


@dataclass(frozen=True)
class Server:
    """A server; `client` is the command that reads SQL from its input and stops at the first error."""

    client: tuple[str, ...]
    folder: Path
    url: str
    """The address of a database of this server, but for its name: `{}`."""
    process: int

    def kill(self) -> None:
        """Kill it as a power cut would."""
        os.kill(self.process, signal.SIGKILL)
        (self.folder / "data" / "postmaster.pid").unlink(missing_ok=True)

    def says(self, sql: str) -> str:
        """What the server answers to SQL; the first error is an AssertionError."""
        done = subprocess.run(self.client, input=sql, capture_output=True, text=True)
        assert done.returncode == 0 and "ERROR" not in done.stderr, done.stderr
        return done.stdout


@contextmanager
def postgres() -> Iterator[Server]:
    """PostgreSQL; where it is started by root it runs as the user `postgres`, as it insists."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
    with _folder("postgres") as folder:
        data = folder / "data"
        _run_as(
            "postgres",
            [programs / "initdb", "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "-N"],
        )
        options = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off -c autovacuum=off"
        _run_as("postgres", [programs / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start"])
        client = (str(programs / "psql"), "-h", str(folder), "-U", "postgres", "-XqAt", "-v", "ON_ERROR_STOP=1")
        try:
            process = int((data / "postmaster.pid").read_text().split()[0])
            yield Server(client, folder, f"postgresql://postgres@/{{}}?host={folder}", process)
        finally:
            if (data / "postmaster.pid").exists():
                _run_as("postgres", [programs / "pg_ctl", "-D", data, "-m", "immediate", "stop"])


@contextmanager
def mariadb() -> Iterator[Server]:
    """MariaDB; where it is started by root it runs as the user `mysql`."""
    with _folder("mysql") as folder:
        data, socket = folder / "data", folder / "socket"
        _run_as(
            "mysql",
            ["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal"],
        )
        command = ["mariadbd", "--no-defaults", f"--datadir={data}", f"--socket={socket}", "--skip-networking"]
        user = ["--user=mysql"] if os.getuid() == 0 else []
        with (folder / "log").open("wb") as log, subprocess.Popen([*command, *user], stdout=log, stderr=log) as server:
            try:
                for _ in range(WAIT_S * 10):
                    if socket.exists():
                        break
                    sleep(0.1)
                client = ("mariadb", "--no-defaults", "-uroot", f"--socket={socket}", "-NB")
                yield Server(client, folder, f"mysql://root@/{{}}?unix_socket={socket}", server.pid)
            finally:
                server.terminate()


@contextmanager
def _folder(user: str) -> Iterator[Path]:
    with TemporaryDirectory(prefix="server-") as name:
        if os.getuid() == 0:
            shutil.chown(name, user)
        yield Path(name)


def _run_as(user: str, command: list[object]) -> None:
    words = ["runuser", "-u", user, "--", *map(str, command)] if os.getuid() == 0 else list(map(str, command))
    done = subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd="/")
    assert done.returncode == 0, done.stderr
