"""The image's name, its wheels, and what building says when it cannot."""

from __future__ import annotations

import shutil
import subprocess
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker.errors
import pytest

from grader.errors import EngineUnavailable, LaunchError
from grader.launch import debian, engine, image


def test_a_changed_recipe_has_another_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = image.tag_for("cpu")
    shutil.copytree(image.RECIPE, tmp_path / "image")
    monkeypatch.setattr(image, "RECIPE", tmp_path / "image")
    assert image.tag_for("cpu") == before
    with (tmp_path / "image" / "requirements.txt").open("a") as file:
        file.write("einops==0.8.0\n")
    assert image.tag_for("cpu") != before


def test_each_device_has_its_own_image() -> None:
    name, _, tag = image.tag_for("cuda").partition(":")
    assert (name, tag[:5], len(tag)) == ("metronome-sandbox", "cuda-", 17)
    assert tag[5:] == image.tag_for("cpu").partition("cpu-")[2]


def test_the_image_and_the_constraints_pin_the_same_versions() -> None:
    constraints = Path(__file__).parents[3] / "constraints.txt"
    pins = {line for line in (image.RECIPE / "requirements.txt").read_text().splitlines() if "==" in line}
    assert len(pins) == 6
    assert pins <= set(constraints.read_text().splitlines())


class Pip:
    """Stands in for running pip: notes the command, fails with `error` when there is one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, error: str = "") -> None:
        self.command: list[str] = []
        self.error = error
        monkeypatch.setattr(
            image, "subprocess", types.SimpleNamespace(run=self.run, DEVNULL=subprocess.DEVNULL)
        )

    def run(self, command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        self.command = command
        return subprocess.CompletedProcess(command, int(bool(self.error)), "", self.error)


def test_wheels_are_for_the_images_python_not_for_this_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pip = Pip(monkeypatch)
    image.download("cpu", "3.13", "aarch64", tmp_path / "wheels")
    command = " ".join(pip.command)
    assert pip.command[:4] == [sys.executable, "-m", "pip", "download"]
    assert "--only-binary=:all:" in command
    assert "--python-version 3.13" in command
    assert "--platform manylinux_2_28_aarch64" in command
    assert "+cpu" not in command


def test_a_cuda_image_refuses_the_cpu_build(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pip = Pip(monkeypatch)
    image.download("cuda", "3.11", "x86_64", tmp_path / "wheels")
    assert pip.command[-1] == "torch!=2.13.0+cpu"


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            "WARNING: a\nERROR: no match\nERROR: No matching distribution found for torch==2.13.0\n",
            "No matching",
        ),
        ("/usr/bin/python: No module named pip\n", "ensurepip"),
        ("Killed\n", "pip failed"),
    ],
)
def test_a_failing_download_is_one_sentence(
    error: str, sentence: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    Pip(monkeypatch, error)
    with pytest.raises(LaunchError, match=sentence) as caught:
        image.download("cpu", "3.11", "x86_64", tmp_path / "wheels")
    assert "\n" not in str(caught.value)


class Registryless:
    """An engine that has some images and can pull none."""

    def __init__(self, *images: str) -> None:
        self.images = images

    def inspect_image(self, name: str) -> dict[str, str]:
        if name not in self.images:
            raise docker.errors.ImageNotFound("none such")
        return {"Id": f"sha256:{name}"}

    def pull(self, name: str, **_: Any) -> Iterator[dict[str, object]]:
        raise docker.errors.APIError("lookup registry: no such host")


def find_base(client: Registryless, base: str | None) -> str:
    return image._find_base(client, base, lambda line: None)  # type: ignore[arg-type]


def test_a_base_that_is_there_is_not_pulled() -> None:
    assert find_base(Registryless("mine:1"), "mine:1") == "mine:1"


def test_the_local_base_steps_in_for_the_default_one_alone() -> None:
    client = Registryless(image.LOCAL_BASE)
    assert find_base(client, None) == image.LOCAL_BASE
    with pytest.raises(LaunchError, match="mine:1"):
        find_base(client, "mine:1")


def test_without_any_base_the_way_out_is_named() -> None:
    with pytest.raises(LaunchError, match=r"no such host.*grade sandbox base"):
        find_base(Registryless(), None)


def test_a_failed_build_step_shows_its_end_without_colours() -> None:
    events: list[dict[str, object]] = [
        {"stream": "Step 1\n"},
        {"stream": "\x1b[91mSyntaxError: no\n\x1b[0m"},
        {"stream": "Removing intermediate container 1\n"},
        {"error": "The command 'x' returned a non-zero code: 1"},
    ]
    with pytest.raises(LaunchError) as caught:
        engine.follow(iter(events), "build it", [])
    assert str(caught.value) == "Could not build it: Step 1 | SyntaxError: no."


def test_building_without_an_engine_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with pytest.raises(EngineUnavailable, match=r"No Docker engine answers at unix:.*none\.sock"):
        image.build("cpu", None, lambda line: None)


def test_a_base_image_needs_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(LaunchError, match="only root"):
        debian.base(lambda line: None)


def test_a_base_image_needs_debootstrap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("shutil.which", lambda program: None)
    with pytest.raises(LaunchError, match="apt-get install debootstrap"):
        debian.base(lambda line: None)


def test_a_base_image_leaves_out_what_only_people_read(tmp_path: Path) -> None:
    for name in ("bin/python3", "usr/share/doc/readme", "var/cache/apt/big.deb"):
        (tmp_path / "root" / name).parent.mkdir(parents=True)
        (tmp_path / "root" / name).write_text(name)
    (tmp_path / "out.tar").write_bytes(b"".join(debian._tar(tmp_path / "root")))
    listed = subprocess.run(
        ["tar", "-tf", tmp_path / "out.tar"], capture_output=True, text=True, check=True
    ).stdout
    assert "./bin/python3" in listed
    assert "readme" not in listed
    assert "big.deb" not in listed
