"""Which launcher: docker where it can be had, local with one line saying so, and no falling back when told."""

import subprocess
import sys
from pathlib import Path

import pytest

from grader.errors import BadSettings, EngineUnavailable, ImageMissing
from grader.launch.choose import choose_launcher
from grader.launch.docker import DockerLauncher
from grader.launch.local import LocalLauncher
from grader.settings import Settings


@pytest.fixture
def _no_engine(monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")


def choose(wants_gpu=False, **settings):
    said = []
    launcher = choose_launcher(Settings(**settings), wants_gpu, said.append)
    launcher.close()
    return launcher, said


@pytest.mark.usefixtures("_no_engine")
def test_without_an_engine_auto_is_local_and_says_so_in_one_line():
    launcher, said = choose(sandbox="auto")
    assert isinstance(launcher, LocalLauncher)
    assert not launcher.isolated
    (line,) = said
    assert line.endswith("Running in local mode, without isolation.")
    assert "\n" not in line


@pytest.mark.usefixtures("_no_engine")
def test_docker_never_falls_back():
    with pytest.raises(EngineUnavailable) as raised:
        choose(sandbox="docker")
    assert raised.value.exit_code == 3


@pytest.mark.usefixtures("_no_engine")
def test_local_asks_no_engine_and_says_nothing():
    launcher, said = choose(sandbox="local")
    assert (launcher.name, said) == ("local", [])


def test_local_does_not_even_import_docker():
    code = (
        "import sys; from grader.launch.choose import choose_launcher; from grader.settings import Settings;"
        "choose_launcher(Settings(sandbox='local'), False, print);"
        "print('docker' in sys.modules, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"


@pytest.mark.docker
def test_auto_is_docker_where_engine_and_image_are_there():
    launcher, said = choose(sandbox="auto")
    assert isinstance(launcher, DockerLauncher)
    assert launcher.isolated
    assert said == []


@pytest.mark.docker
def test_a_missing_image_is_told_with_the_command_that_builds_it(monkeypatch):
    monkeypatch.setattr("grader.launch.docker.tag_for", lambda device: f"metronome-nowhere:{device}")
    with pytest.raises(ImageMissing, match="grade sandbox build"):
        choose(sandbox="docker")
    launcher, (line,) = choose(sandbox="auto")
    assert launcher.name == "local"
    assert "grade sandbox build" in line


@pytest.mark.docker
def test_a_gpu_is_asked_for_only_where_the_exercise_wants_one():
    assert choose(sandbox="docker", gpu="7")[0]._gpu == "none"
    assert choose(True, sandbox="docker", gpu="7")[0]._gpu == "7"


def test_a_data_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    missing = tmp_path / "nowhere"
    with pytest.raises(BadSettings, match="is not a folder"):
        choose_launcher(Settings(sandbox="local", data=missing), False, print)
