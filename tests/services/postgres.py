"""PostgreSQL: the server named in the environment, or a private one in a temporary folder.

The private one listens on 127.0.0.1 and a unix socket, trusts everybody and syncs nothing.  It never
touches the cluster that Debian's package makes.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
from sqlalchemy import make_url

VARIABLE = "METRONOME_TEST_POSTGRES"
"""Names the server to use, as a URL: postgresql://USER@HOST:PORT/NAME."""
PACKAGE = "postgresql"
DEBIAN = Path("/usr/lib/postgresql")
ACCOUNT = "postgres"
START, STOP = 60.0, 30.0
"""Seconds that a private server has to answer, and to end."""


class ServerError(Exception):
    """A private server did not start or stop; the message ends with what it said."""


def programs() -> Path | None:
    """The folder of `initdb` and `postgres`: on the PATH, or the newest where Debian puts them."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    versions = [path.parent for path in DEBIAN.glob("*/bin/initdb") if path.parts[-3].isdecimal()]
    return max(versions, key=lambda folder: int(folder.parent.name), default=None)


def absent() -> str:
    """Why no test can have a server here, "" when it can."""
    if os.environ.get(VARIABLE):
        return ""
    if programs() is None:
        return f"initdb not found, and {VARIABLE} names no server."
    if os.geteuid() == 0 and _account() is None:
        return f"root may not run a server, and there is no user {ACCOUNT}."
    return ""


@contextlib.contextmanager
def server() -> Iterator[str]:
    """The URL of the server that was given, used as it is, or of a private one."""
    if given := os.environ.get(VARIABLE):
        yield given
        return
    with private_server() as url:
        yield url


@contextlib.contextmanager
def private_server() -> Iterator[str]:
    """A server of our own, ended and removed with the block; yields its URL.  Raises ServerError."""
    # A short path: it holds a unix socket, whose names have 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="mtr-pg-", dir="/tmp"))
    port = _free_port()
    settings = {
        "port": port,
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": folder,
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
    }
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, ACCOUNT, ACCOUNT)
        cluster = ["--auth=trust", f"--username={ACCOUNT}", "--locale=C", "--encoding=UTF8", "--no-sync"]
        if _start(folder, "initdb", *cluster).wait():
            raise ServerError(f"initdb failed\n{_log(folder)}")
        process = _start(folder, "postgres", *(f"--{name}={value}" for name, value in settings.items()))
        try:
            url = f"postgresql://{ACCOUNT}@127.0.0.1:{port}/postgres"
            _await(process, url, folder)
            yield url
        finally:
            _stop(process)
    finally:
        shutil.rmtree(folder)


@contextlib.contextmanager
def database(server_url: str) -> Iterator[str]:
    """The URL of an empty database on that server, dropped with the block."""
    url = make_url(server_url).set(drivername="postgresql")
    name = f"metronome_test_{secrets.token_hex(6)}"
    administer = url.render_as_string(hide_password=False)
    with psycopg.connect(administer, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    try:
        yield url.set(database=name).render_as_string(hide_password=False)
    finally:
        with psycopg.connect(administer, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _start(folder: Path, program: str, *arguments: str) -> subprocess.Popen[bytes]:
    """One of PostgreSQL's programs on the data in `folder`, as a user that it accepts."""
    home = programs()
    assert home is not None
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    account = _account() if os.geteuid() == 0 else None
    with open(folder / "log", "ab") as log:
        return subprocess.Popen(
            [home / program, "-D", folder / "data", *arguments],
            cwd=folder,
            env={**plain, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
        )


def _await(process: subprocess.Popen[bytes], url: str, folder: Path) -> None:
    """Wait until the server answers.  Raises ServerError with the end of its log."""
    until = time.monotonic() + START
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(url, connect_timeout=2).close()
            return
        time.sleep(0.05)
    raise ServerError(f"the private PostgreSQL server does not answer\n{_log(folder)}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the server at once, whoever is connected; its data are thrown away."""
    process.send_signal(signal.SIGQUIT)
    try:
        process.wait(STOP)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _log(folder: Path) -> str:
    return (folder / "log").read_text(errors="replace")[-3000:]


def _account() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError:
        return None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
