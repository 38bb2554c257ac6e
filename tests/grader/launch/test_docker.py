"""Containers as roles: what holds inside them, and that nothing of them is left."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from docker.errors import APIError

import sandbox
from grader.errors import EngineUnavailable, ImageMissing, LaunchError, SandboxBroken
from grader.launch import docker as launcher_module
from grader.launch import engine, image
from grader.launch.base import Limits, Role
from grader.launch.docker import DockerLauncher, ready
from grader.launch.stream import StreamEndpoint
from sandbox import wire
from tests.conftest import CountedLauncher

LIMITS = Limits(deadline=20, memory=256 << 20, processes=16, scratch=32 << 20)


def test_a_missing_engine_is_one_sentence_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with pytest.raises(EngineUnavailable, match=r"^No Docker engine answers at .*--sandbox local`\.$"):
        DockerLauncher()
    assert ready().startswith("No Docker engine answers")


@pytest.mark.parametrize("error", [requests.ConnectionError("gone"), requests.ReadTimeout("slow")])
def test_an_engine_that_stops_answering_is_told_from_a_refusal(error: Exception) -> None:
    with pytest.raises(EngineUnavailable, match="stopped answering"), engine.sentences("start a container"):
        raise error


def test_a_full_disk_is_named() -> None:
    with pytest.raises(LaunchError, match="disk is full"), engine.sentences("start a container"):
        raise OSError("write /var/lib: no space left on device")


@contextmanager
def running(launcher: DockerLauncher, code: str, role: Role = "sandbox") -> Iterator[StreamEndpoint]:
    """A container that runs `code` instead of its role."""
    launcher._commands[role] = ["python", "-c", code]
    try:
        endpoint = launcher.start(role, LIMITS)
    finally:
        launcher._commands.update(launcher_module.COMMANDS)
    try:
        yield endpoint
    finally:
        endpoint.close()


def said(launcher: DockerLauncher, code: str, role: Role = "sandbox") -> str:
    """What `code` prints in a container."""
    with running(launcher, code, role) as endpoint:
        out = b""
        while data := endpoint.receive(20):
            out += data
        assert data == b"", endpoint.explain()
        return out.decode().strip() or endpoint.explain()


@pytest.mark.docker
def test_a_missing_image_names_the_command_that_builds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launcher_module, "tag_for", lambda device: f"metronome-sandbox:{device}-000000000000")
    with pytest.raises(ImageMissing, match=r"`grade sandbox build --device cuda`\.$"):
        DockerLauncher("cuda")
    assert ready().endswith(":cpu-000000000000 is not built; build it with `grade sandbox build`.")


@pytest.mark.docker
def test_a_ready_engine_says_so_quickly() -> None:
    started = time.monotonic()
    assert ready() == ""
    assert time.monotonic() - started < 1.5


@pytest.mark.docker
def test_the_launcher_knows_the_images_id(docker_launcher: CountedLauncher) -> None:
    assert docker_launcher.image == image.tag_for("cpu")
    assert docker_launcher.image_digest.startswith("sha256:")


@pytest.mark.docker
@pytest.mark.parametrize(("role", "uid", "capabilities"), [("sandbox", 0, 0xE0), ("examiner", 65534, 0)])
def test_a_role_has_its_user_and_exactly_its_capabilities(
    docker_launcher: CountedLauncher, role: Role, uid: int, capabilities: int
) -> None:
    status = said(docker_launcher, "print(open('/proc/self/status').read())", role)
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert fields["Uid"].split()[0] == str(uid)
    for name in ("CapPrm", "CapEff", "CapBnd"):
        assert int(fields[name], 16) == capabilities
    assert (fields["NoNewPrivs"], fields["Seccomp"]) == ("1", "2")


@pytest.mark.docker
def test_a_container_reaches_no_network(docker_launcher: CountedLauncher) -> None:
    code = """
import socket
print([name for _, name in socket.if_nameindex() if name != 'lo'], flush=True)
socket.create_connection(('192.0.2.1', 53), 3)
"""
    with running(docker_launcher, code) as endpoint:
        assert endpoint.receive(20) == b"[]\n"
        assert endpoint.receive(20) == b""
        assert "unreachable" in endpoint.explain()


@pytest.mark.docker
@pytest.mark.parametrize("path", ["/x", "/opt/metronome/x", "/opt/metronome/sandbox/x", "/opt/venv/x"])
def test_what_a_container_runs_from_cannot_be_written(docker_launcher: CountedLauncher, path: str) -> None:
    assert "Read-only file system" in said(docker_launcher, f"open({path!r}, 'w')")


@pytest.mark.docker
def test_scratch_can_be_written_up_to_its_size(docker_launcher: CountedLauncher) -> None:
    code = """
import os, pathlib
folder = pathlib.Path(os.environ['METRONOME_SCRATCH'])
(folder / 'a').write_bytes(bytes(20 << 20))
print('fits', flush=True)
(folder / 'b').write_bytes(bytes(20 << 20))
"""
    with running(docker_launcher, code) as endpoint:
        assert endpoint.receive(20) == b"fits\n"
        assert endpoint.receive(20) == b""
        assert "No space left" in endpoint.explain()


@pytest.mark.docker
def test_the_sandbox_sees_no_exercise_and_no_reference(docker_launcher: CountedLauncher) -> None:
    listing = "import os; print(sorted(os.listdir('/opt/metronome')))"
    assert said(docker_launcher, listing) == "['sandbox']"
    assert said(docker_launcher, listing, "examiner") == "['exercises', 'grader', 'reference', 'sandbox']"


@pytest.mark.docker
def test_the_instructors_data_reach_the_examiner_alone(tmp_path: Path) -> None:
    (tmp_path / "images").write_text("real")
    launcher = DockerLauncher(data=tmp_path)
    code = "import os; d = os.environ.get('GRADE_DATA'); print(d and open(d + '/images').read())"
    try:
        assert said(launcher, code, "examiner") == "real"
        assert said(launcher, code) == "None"
    finally:
        launcher.close()


@pytest.mark.docker
def test_the_engine_was_given_every_limit(docker_launcher: CountedLauncher) -> None:
    with running(docker_launcher, "input()"), engine.connected() as client:
        (name,) = docker_launcher.left()
        config = client.inspect_container(name)["HostConfig"]
    assert config["Memory"] == config["MemorySwap"] == LIMITS.memory + (512 << 20)
    assert config["PidsLimit"] == LIMITS.processes + 8
    assert config["NanoCpus"] > 0
    assert config["LogConfig"]["Type"] == "local"
    assert config["NetworkMode"] == "none"


@pytest.mark.docker
def test_what_is_sent_comes_back_whole(docker_launcher: CountedLauncher) -> None:
    data = bytes(range(256)) * 20_000
    code = "import os\nwhile data := os.read(0, 65536): os.write(1, data)"
    with running(docker_launcher, code) as endpoint:
        endpoint.send(data)
        got = b""
        while len(got) < len(data) and (piece := endpoint.receive(20)):
            got += piece
    assert got == data


@pytest.mark.docker
def test_killing_a_flood_that_nobody_reads_does_not_hang(docker_launcher: CountedLauncher) -> None:
    with running(docker_launcher, "import sys\nwhile True: sys.stdout.write('x' * 65536)") as endpoint:
        assert endpoint.receive(20)
        time.sleep(0.5)
        started = time.monotonic()
        endpoint.kill()
        while endpoint.receive(1):
            pass
        assert time.monotonic() - started < 5
    assert docker_launcher.left() == []


class Busy:
    """An engine that waits in vain for a killed container's end, as often as it is told to."""

    def __init__(self, times: int) -> None:
        self.times = times
        self.asked = 0

    def kill(self, name: str, signal: str) -> None:
        self.asked += 1
        if self.asked <= self.times:
            raise APIError("tried to kill container, but did not receive an exit event")


def test_a_busy_engine_is_asked_again_to_kill_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    client: Any = Busy(2)
    launcher_module._Container(client, "x").kill()
    assert client.asked == 3
    monkeypatch.setattr(launcher_module, "_REMOVAL", -1.0)
    with pytest.raises(LaunchError, match="did not receive an exit event"):
        launcher_module._Container(Busy(9), "x").kill()  # type: ignore[arg-type]


@pytest.mark.docker
def test_a_container_that_ended_by_itself_is_gone_and_closes_quietly(
    docker_launcher: CountedLauncher,
) -> None:
    with running(docker_launcher, "import sys; sys.exit('bye')") as endpoint:
        assert endpoint.receive(20) == b""
        assert endpoint.explain() == "bye"
        with pytest.raises(SandboxBroken):
            endpoint.send(bytes(8 << 20))
    assert docker_launcher.left() == []


@pytest.mark.docker
def test_a_start_that_fails_leaves_no_container(docker_launcher: CountedLauncher) -> None:
    docker_launcher._commands["sandbox"] = ["/no/such/program"]
    try:
        with pytest.raises(LaunchError, match="Could not start a container"):
            docker_launcher.start("sandbox", LIMITS)
    finally:
        docker_launcher._commands.update(launcher_module.COMMANDS)
    assert docker_launcher.left() == []


@pytest.mark.docker
def test_an_interrupted_start_leaves_no_container(
    docker_launcher: CountedLauncher, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(name: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(docker_launcher._client, "start", interrupted)
    with pytest.raises(KeyboardInterrupt):
        docker_launcher.start("sandbox", LIMITS)
    assert docker_launcher.left() == []


@pytest.mark.docker
def test_a_gpu_that_is_not_there_is_one_sentence() -> None:
    if launcher_module.has_gpu():
        pytest.skip("this machine has a GPU")
    launcher = CountedLauncher(gpu="0")
    try:
        with pytest.raises(LaunchError, match="GPU"):
            launcher.start("sandbox", LIMITS)
    finally:
        launcher.close()
    assert launcher.left() == []


@pytest.mark.docker
def test_code_that_only_its_owner_may_read_runs_all_the_same(
    docker_launcher: CountedLauncher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "sandbox"
    package.mkdir(mode=0o700)
    (package / "__init__.py").write_text("import os\nprint('read by', os.getuid())\n")
    (package / "__init__.py").chmod(0o600)
    monkeypatch.setattr(sandbox, "__file__", str(package / "__init__.py"))
    assert said(docker_launcher, "import sandbox", "examiner") == "read by 65534"


@pytest.mark.docker
def test_the_zygote_reports_ready(docker_launcher: CountedLauncher) -> None:
    endpoint = docker_launcher.start("sandbox", LIMITS)
    try:
        data = endpoint.receive(60)
        assert data, endpoint.explain()
        ((channel, payload),) = wire.FrameReader().feed(data)
    finally:
        endpoint.close()
    assert channel == wire.READY
    assert json.loads(payload)["own_uid"] is True
