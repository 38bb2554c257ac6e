"""Limits hold in a real child: they are tried out, not read off."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox import limits, trace
from tests.sandbox.conftest import Warm, within

ROOT = Path(__file__).resolve().parents[2]
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux alone has these")


def namespaces_allowed() -> bool:
    """Whether this kernel lets a process of ours leave the network."""
    code = "import ctypes, sys; libc = ctypes.CDLL(None); sys.exit(libc.unshare(1 << 30) and libc.unshare(5 << 28))"
    return subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_memory_is_bounded_beyond_what_the_warm_process_has(warm: Warm) -> None:
    code = "kept = bytearray({} << 20); print(len(kept) >> 20)"
    assert warm.run(code.format(100), limits=within(memory=200 << 20)).said == "100\n"
    ran = warm.run(code.format(300), limits=within(memory=200 << 20))
    assert ran.one(trace.Stop).slug == "memory-exceeded"


def test_a_tensor_that_does_not_fit_is_told_as_memory(warm: Warm) -> None:
    ran = warm.run("import torch\ntorch.ones(1 << 28)\n", limits=within(memory=200 << 20))
    assert (ran.one(trace.Stop).slug, ran.one(trace.Stop).frames) == ("memory-exceeded", [2])


def test_a_file_may_not_grow_beyond_the_scratch(warm: Warm) -> None:
    code = "f = open('x', 'wb')\nfor _ in range(4): f.write(bytes(1 << 20)); f.flush()\nprint('wrote')\n"
    assert warm.run(code, limits=within(scratch=8 << 20)).said == "wrote\n"
    ran = warm.run(code, limits=within(scratch=2 << 20))
    assert ran.said == ""
    assert ran.of(trace.Stop)[0].type == "OSError"


def test_open_files_are_bounded(warm: Warm) -> None:
    ran = warm.run("kept = []\nwhile True: kept.append(open('/dev/null'))\n")
    assert ran.one(trace.Stop).message.startswith("[Errno 24]")
    assert warm.run("kept = [open('/dev/null') for _ in range(200)]").of(trace.Stop) == []


def test_processor_time_is_a_backstop_and_no_core_is_written(warm: Warm) -> None:
    ran = warm.run("import resource as r\nprint(r.getrlimit(r.RLIMIT_CPU), r.getrlimit(r.RLIMIT_CORE))")
    assert ran.said == "(50, 50) (0, 0)\n"  # a deadline of 20 s with one thread


def test_limits_cannot_be_raised_again(warm: Warm) -> None:
    ran = warm.run("""
        import os, resource
        for what in (resource.RLIMIT_DATA, resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE):
            soft, hard = resource.getrlimit(what)
            assert soft == hard
            if os.geteuid():
                try: resource.setrlimit(what, (hard + 1, hard + 1))
                except ValueError: pass
                else: print("raised", what)
    """)
    assert (ran.said, ran.of(trace.Stop)) == ("", [])


@LINUX
def test_no_new_privileges_and_not_dumpable(warm: Warm) -> None:
    ran = warm.run("""
        import ctypes
        libc = ctypes.CDLL(None)
        print(libc.prctl(39, 0, 0, 0, 0), libc.prctl(3, 0, 0, 0, 0))
        print([line for line in open("/proc/self/status") if line.startswith("NoNewPrivs")])
    """)
    assert ran.said == "1 0\n['NoNewPrivs:\\t1\\n']\n"


@LINUX
def test_a_child_leads_a_session_and_goes_first_when_memory_runs_out(warm: Warm) -> None:
    ran = warm.run("import os; print(os.getsid(0) == os.getpid(), open('/proc/self/oom_score_adj').read())")
    assert ran.said == "True 1000\n\n"


@LINUX
def test_only_the_four_descriptors_are_open(warm: Warm) -> None:
    ran = warm.run(
        "import os; print(sorted(int(fd) for fd in os.listdir('/proc/self/fd'))[:4], len(os.listdir('/proc/self/fd')))"
    )
    assert ran.said == "[0, 1, 2, 3] 5\n"  # the fifth is the folder that is being listed


@LINUX
def test_there_is_no_network(warm: Warm) -> None:
    if not namespaces_allowed():
        pytest.skip("this kernel gives an unprivileged process no network namespace")
    ran = warm.run(
        """
        import socket
        for address in (("1.1.1.1", 53), ("127.0.0.1", PORT)):
            try: socket.create_connection(address, timeout=2)
            except OSError as error: print(type(error).__name__, error.errno)
            else: print("connected")
    """.replace("PORT", "9")
    )
    first, second = ran.said.splitlines()
    assert first == "OSError 101"  # unreachable
    assert second != "connected"


@LINUX
def test_a_server_on_this_machine_cannot_be_reached(warm: Warm) -> None:
    if not namespaces_allowed():
        pytest.skip("this kernel gives an unprivileged process no network namespace")
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        ran = warm.run(f"import socket; socket.create_connection(('127.0.0.1', {port}), timeout=2)")
    assert ran.one(trace.Stop).type in ("OSError", "ConnectionRefusedError")


@LINUX
def test_the_uid_is_the_childs_own_where_it_can_be(warm: Warm) -> None:
    if not warm.started().ready["own_uid"]:
        pytest.skip("not root, or Python lies where other users may not read")
    ran = warm.run("import os; print(os.getresuid(), os.getresgid(), os.getgroups())")
    uid = int(ran.said.split(",")[0].strip("("))
    assert 20_000 <= uid <= 60_000
    assert ran.said == f"{(uid,) * 3} {(uid,) * 3} []\n"
    assert warm.run("import os; print(os.getuid())").said != f"{uid}\n"


@LINUX
def test_the_zygote_says_truly_whether_it_changes_uids(warm: Warm) -> None:
    own = int(warm.run("import os; print(os.getuid())").said)
    assert (own != os.getuid()) == warm.started().ready["own_uid"] == limits.can_change_uid()


def test_a_path_is_reachable_only_through_open_folders(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir(mode=0o700)
    (inner / "file").write_text("x")
    assert not limits.reachable(str(inner / "file"))
    assert not limits.reachable(str(tmp_path / "missing"))
    assert limits.reachable("/")


@LINUX
def test_data_bytes_grow_with_what_is_allocated() -> None:
    before = limits.data_bytes()
    kept = bytearray(64 << 20)
    assert limits.data_bytes() - before >= len(kept)
