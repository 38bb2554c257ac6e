"""Whose a container is: the dead are told from the living, and what the dead left is removed."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid

import pytest

from grader.launch import engine, owners
from grader.launch.docker import DockerLauncher

HERE = owners.labels("sandbox")
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="told by /proc")


def dead() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_the_living_are_left_alone() -> None:
    assert not owners.orphaned(HERE)
    assert not owners.orphaned({**HERE, owners.OWNER: "1", owners.BORN: owners.born(1)})


def test_the_dead_are_known() -> None:
    assert owners.orphaned({**HERE, owners.OWNER: str(dead())})


@LINUX
def test_a_number_that_is_used_again_is_another_process() -> None:
    assert owners.born(os.getpid()) != "12"
    assert owners.orphaned({**HERE, owners.BORN: "12"})


@LINUX
def test_a_process_that_nobody_has_waited_for_yet_is_dead() -> None:
    with subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.read()
        labels = {**HERE, owners.OWNER: str(process.pid), owners.BORN: "12"}
        assert owners.orphaned(labels)


@LINUX
def test_an_earlier_boot_is_over_and_of_another_place_nothing_is_known() -> None:
    boot, namespace = owners.place().split()
    gone = {**HERE, owners.OWNER: str(dead())}
    assert owners.orphaned({**HERE, owners.PLACE: f"another-boot {namespace}"})
    assert not owners.orphaned({**gone, owners.PLACE: f"{boot} 1"})
    assert not owners.orphaned({**gone, owners.PLACE: ""})


@pytest.mark.docker
def test_a_launcher_removes_what_the_dead_left_and_nothing_else(docker_launcher: DockerLauncher) -> None:
    kept, left = (f"metronome-test-{uuid.uuid4().hex[:12]}" for _ in range(2))
    with engine.connected() as client:
        for name, labels in ((kept, HERE), (left, {**HERE, owners.OWNER: str(dead())})):
            # Created and never started: the one that no engine removes by itself.
            client.create_container(docker_launcher.image_digest, ["true"], name=name, labels=labels)
        try:
            DockerLauncher().close()
            names = {name for item in client.containers(all=True) for name in item["Names"]}
            assert f"/{kept}" in names
            assert f"/{left}" not in names
        finally:
            client.remove_container(kept, force=True)
