"""Every limit of a container is in what the engine is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import docker
import pytest

from grader.launch.base import Limits, Role
from grader.launch.confine import HEADROOM, environment, host_config

LIMITS = Limits(deadline=5, memory=1 << 30, processes=20, threads=2, cpus=1.5, scratch=64 << 20)


def asked(role: Role = "sandbox", gpu: str = "none", cpus: int = 8, version: str = "1.41") -> dict[str, Any]:
    """The host config as it goes to the engine."""
    settings = host_config(role, LIMITS, {"/opt/metronome/sandbox": Path("/code/sandbox")}, gpu, cpus)
    return dict(docker.types.HostConfig(version=version, **settings))


def test_a_container_has_no_network_and_no_way_to_more_rights() -> None:
    config = asked()
    assert config["NetworkMode"] == "none"
    assert config["IpcMode"] == "private"
    assert config["CapDrop"] == ["ALL"]
    assert config["SecurityOpt"] == ["no-new-privileges:true"]
    assert not config.get("Privileged")
    assert config["Init"] is False


@pytest.mark.parametrize(
    ("role", "capabilities"), [("sandbox", ["SETUID", "SETGID", "KILL"]), ("examiner", [])]
)
def test_only_the_zygote_has_capabilities(role: Role, capabilities: list[str]) -> None:
    assert (asked(role).get("CapAdd") or []) == capabilities


def test_the_default_seccomp_profile_is_left_alone() -> None:
    assert not any("seccomp" in option for option in asked()["SecurityOpt"])


def test_nothing_can_be_written_but_two_bounded_folders_in_memory() -> None:
    config = asked()
    assert config["ReadonlyRootfs"] is True
    assert sorted(config["Tmpfs"]) == ["/scratch", "/tmp"]
    for options in config["Tmpfs"].values():
        assert {"nosuid", "nodev", "noexec", "mode=1777"} <= set(options.split(","))
        assert "nr_inodes=" in options
    assert f"size={LIMITS.scratch}" in config["Tmpfs"]["/scratch"].split(",")
    assert config["ShmSize"] == 128 << 20


def test_code_is_mounted_read_only() -> None:
    (mount,) = asked()["Mounts"]
    assert mount == {
        "Target": "/opt/metronome/sandbox",
        "Source": "/code/sandbox",
        "Type": "bind",
        "ReadOnly": True,
    }


def test_memory_cannot_be_had_from_swap() -> None:
    config = asked()
    assert config["Memory"] == config["MemorySwap"] == LIMITS.memory + HEADROOM


def test_processes_cpus_files_and_logs_are_bounded() -> None:
    config = asked()
    assert config["PidsLimit"] == LIMITS.processes + 8
    assert config["NanoCpus"] == 1_500_000_000
    assert {limit["Name"]: limit["Hard"] for limit in config["Ulimits"]} == {
        "nofile": 1024,
        "core": 0,
        "fsize": LIMITS.scratch,
    }
    assert all(limit["Soft"] == limit["Hard"] for limit in config["Ulimits"])
    assert config["LogConfig"]["Type"] == "local"
    assert config["LogConfig"]["Config"]["max-size"] == "1m"


def test_more_cpus_than_the_engine_has_are_not_asked_for() -> None:
    assert asked(cpus=1)["NanoCpus"] == 1_000_000_000


def test_the_engine_removes_a_container_whose_grader_died() -> None:
    assert asked()["AutoRemove"] is True


@pytest.mark.parametrize(
    ("gpu", "request_"),
    [("auto", {"Count": 1, "DeviceIDs": []}), ("GPU-7", {"Count": 0, "DeviceIDs": ["GPU-7"]})],
)
def test_a_gpu_is_asked_for_by_device_request(gpu: str, request_: dict[str, Any]) -> None:
    (found,) = asked(gpu=gpu)["DeviceRequests"]
    assert found["Capabilities"] == [["gpu"]]
    assert {key: found[key] for key in request_} == request_


def test_no_gpu_is_asked_for_unless_wanted() -> None:
    assert not asked().get("DeviceRequests")


def test_every_library_is_told_the_same_thread_count() -> None:
    variables = environment(LIMITS, {"GRADE_DATA": "/data"})
    assert variables["OMP_NUM_THREADS"] == variables["MKL_NUM_THREADS"] == "2"
    assert variables["METRONOME_SCRATCH"] == "/scratch"
    assert variables["METRONOME_NETWORK"] == "own"
    assert variables["GRADE_DATA"] == "/data"
