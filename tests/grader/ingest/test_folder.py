"""Reading a folder: regular files only, bounded, and never by a link."""

import os
import threading

import pytest

from grader.errors import BadArchive, NoSuchFile
from grader.ingest import tree
from grader.ingest.folder import read_folder
from grader.ingest.loop import MAX_SOURCE

LOOP = b"print('trained')\n"


@pytest.fixture
def put(tmp_path):
    def put(name, content=LOOP):
        path = tmp_path / "class" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    return put


def read(tmp_path, *leave_out):
    return read_folder(tmp_path / "class", leave_out)


def why(gathered):
    return {each.path: each.why for each in gathered.skipped}


def test_python_is_kept_and_all_else_only_named(tmp_path, put):
    put("ada/loop.py")
    put("ada/data.bin", b"x" * 10)
    put("bob.ipynb", b"{}")
    put(".git/loop.py")
    gathered = read(tmp_path)
    assert not gathered.zipped
    assert dict(gathered.members) == {"ada/data.bin": None, "ada/loop.py": LOOP, "bob.ipynb": b"{}"}


def test_a_link_is_listed_and_not_followed(tmp_path, put):
    put("ada/loop.py")
    (tmp_path / "secret.py").write_bytes(b"secret")
    (tmp_path / "class/bob.py").symlink_to(tmp_path / "secret.py")
    (tmp_path / "class/ada/up").symlink_to(tmp_path)
    (tmp_path / "class/eve.py").symlink_to("/nowhere")
    gathered = read(tmp_path)
    assert list(gathered.members) == ["ada/loop.py"]
    assert why(gathered) == dict.fromkeys(["ada/up", "bob.py", "eve.py"], "a symbolic link is not followed")


def test_the_output_folder_of_a_batch_is_listed_and_not_read(tmp_path, put):
    put("ada/metronome.db")
    put("ada/loop.py")
    for name in ("metronome.db", ".metronome.lock", "reports/ada.html", "reports/loop.py"):
        put(f"results/{name}")
    gathered = read(tmp_path)
    assert list(gathered.members) == ["ada/loop.py", "ada/metronome.db"]
    assert why(gathered) == {"results": "it holds the results of a batch, and no hand-in"}


def test_a_folder_that_is_itself_a_link_is_read(tmp_path, put):
    put("ada.py")
    (tmp_path / "link").symlink_to(tmp_path / "class")
    assert list(read_folder(tmp_path / "link").members) == ["ada.py"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are POSIX")
@pytest.mark.parametrize("becomes", ["link", "pipe"])
def test_a_file_that_becomes_another_thing_before_it_is_opened_is_not_read(
    tmp_path, put, monkeypatch, becomes
):
    path = put("ada.py")
    (tmp_path / "secret.py").write_bytes(b"secret")
    real = os.open

    def swap(name, flags, *rest):
        if os.fspath(name).endswith("ada.py"):
            path.unlink()
            path.symlink_to(tmp_path / "secret.py") if becomes == "link" else os.mkfifo(path)
        return real(name, flags, *rest)

    monkeypatch.setattr(os, "open", swap)
    gathered = read(tmp_path)
    assert not gathered.members
    assert "it cannot be read" in why(gathered)["ada.py"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are POSIX")
def test_a_pipe_is_listed_without_waiting(tmp_path, put):
    put("ada.py")
    os.mkfifo(tmp_path / "class/bob.py")
    found = []
    thread = threading.Thread(target=lambda: found.append(read(tmp_path)), daemon=True)
    thread.start()
    thread.join(5)
    assert list(found[0].members) == ["ada.py"]
    assert why(found[0]) == {"bob.py": "it is not a regular file"}


def test_of_a_huge_file_only_the_cap_and_one_byte_are_read(tmp_path, put):
    with put("ada.py").open("wb") as file:
        file.truncate(1 << 40)
    with put("data.bin").open("wb") as file:
        file.truncate(1 << 40)
    assert len(read(tmp_path).members["ada.py"]) == MAX_SOURCE + 1


def test_what_is_to_be_left_out_is_left_out_silently(tmp_path, put, monkeypatch):
    put("ada.py")
    put("out/ada/report.json")
    put("out/ada.py")
    roster = put("roster.py")
    monkeypatch.chdir(tmp_path)
    gathered = read_folder(tmp_path / "class", [type(tmp_path)("class/out"), roster, tmp_path / "none"])
    assert list(gathered.members) == ["ada.py"]
    assert not gathered.skipped


def test_more_than_is_accepted_is_refused(tmp_path, put, monkeypatch):
    for number in range(4):
        put(f"{number}.py", b"x" * 100)
    monkeypatch.setattr(tree, "MAX_TOTAL", 399)
    with pytest.raises(BadArchive, match="more than 0 MiB"):
        read(tmp_path)
    monkeypatch.setattr(tree, "MAX_MEMBERS", 3)
    with pytest.raises(BadArchive, match="more than 3 files"):
        read(tmp_path)


def test_names_that_are_no_text_come_in_as_text(tmp_path, put):
    put(os.fsdecode(b"b\xffb/loop.py"))
    gathered = read(tmp_path)
    assert list(gathered.members) == ["b\ufffdb/loop.py"]


def test_deep_folders_are_walked(tmp_path, put):
    put("d/" * 400 + "loop.py")
    put("e/" * 600 + "loop.py")
    gathered = read(tmp_path)
    assert list(gathered.members) == ["d/" * 400 + "loop.py"]
    assert why(gathered) == {"e/" * 600 + "loop.py": "its path is longer than 1,024 characters"}


def test_a_file_and_a_folder_we_may_not_read_are_listed(tmp_path, put, monkeypatch):
    put("ada.py")
    put("bob.py")
    put("eve/loop.py")
    real_open, real_scan = os.open, os.scandir

    def refuse_open(path, *rest):
        if os.fspath(path).endswith("bob.py"):
            raise PermissionError(13, "Permission denied")
        return real_open(path, *rest)

    def refuse_scan(path):
        if os.fspath(path).endswith("eve"):
            raise PermissionError(13, "Permission denied")
        return real_scan(path)

    monkeypatch.setattr(os, "open", refuse_open)
    monkeypatch.setattr(os, "scandir", refuse_scan)
    gathered = read(tmp_path)
    assert list(gathered.members) == ["ada.py"]
    assert why(gathered) == dict.fromkeys(["bob.py", "eve"], "it cannot be read: Permission denied")


def test_a_missing_folder_is_an_error_of_usage(tmp_path):
    with pytest.raises(NoSuchFile, match="cannot be read"):
        read(tmp_path)
