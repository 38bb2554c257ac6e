"""The course secret's life, and sub-seeds that never collide."""

import hashlib
import hmac
import os
import stat
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader import challenge
from grader.challenge import Challenge, course_secret, default_secret_file
from grader.errors import BadSettings
from grader.settings import Settings

SECRET = bytes(range(32))
SHA = "ab" * 32
PINNED_SEED = 0x966071ECCD72C969458A56715B06653FDB7156AB2784B8447470AD5768241604
PINNED_TORCH = 0x1AB94D812670F6BE
POSIX = pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")


def derive(slug="linreg-torch", version=1, student="ada", sha=SHA, secret=SECRET):
    return Challenge.derive(secret, slug, version, student, sha)


def test_the_same_submission_meets_the_same_challenge():
    assert derive() == derive()
    assert derive().seed("data") == derive().seed("data")
    assert derive().torch_seed("loader") == derive().torch_seed("loader")


def test_seeds_are_pinned_so_that_a_change_of_the_encoding_shows():
    assert derive().seed("data") == PINNED_SEED
    assert derive().torch_seed("data") == PINNED_TORCH


def mac(key, *fields):
    """HMAC-SHA256 over fields with their lengths, written once more."""
    message = b"".join(len(field).to_bytes(8, "big") + field for field in fields)
    return hmac.new(key, message, hashlib.sha256).digest()


def test_each_purposes_seed_is_an_hmac_of_its_own():
    """So whoever knows init, order and dropout, which a sandbox is given, knows nothing of the others."""
    key = mac(SECRET, b"challenge", b"linreg-torch", b"1", b"ada", SHA.encode())
    seeds = []
    for purpose in ("init", "order", "dropout", "train", "hidden", "looks"):
        whole, short = mac(key, b"seed", purpose.encode()), mac(key, b"torch", purpose.encode())
        assert derive().seed(purpose) == int.from_bytes(whole, "big")
        assert derive().torch_seed(purpose) == int.from_bytes(short[:8], "big") >> 1
        seeds += [whole[:8], short[:8]]
    assert len(set(seeds)) == 12


def test_every_field_changes_the_challenge():
    others = [
        derive(slug="linreg-torcH"),
        derive(version=2),
        derive(student="bob"),
        derive(sha="ac" * 32),
        derive(secret=bytes(32)),
    ]
    seeds = {item.seed("data") for item in [derive(), *others]}
    assert len(seeds) == 6


@given(st.lists(st.text(), min_size=1, max_size=5), st.lists(st.text(), min_size=1, max_size=5))
def test_no_two_different_field_lists_have_one_code(left, right):
    same = challenge._mac(SECRET, *left) == challenge._mac(SECRET, *right)
    assert same == (left == right)


@given(st.text(min_size=1), st.text(min_size=1), st.integers(min_value=1))
def test_moving_a_border_between_fields_changes_the_seed(slug, student, cut):
    both = slug + student
    cut = cut % len(both)
    moved = Challenge.derive(SECRET, both[:cut], 1, both[cut:], SHA)
    original = Challenge.derive(SECRET, slug, 1, student, SHA)
    assert (moved.seed("x") == original.seed("x")) == (both[:cut] == slug)


@given(st.text())
def test_seeds_have_their_widths_and_do_not_tell_each_other(purpose):
    seed, small = derive().seed(purpose), derive().torch_seed(purpose)
    assert 0 <= seed < 2**256
    assert 0 <= small < 2**63
    assert seed >> 193 != small


def test_a_student_name_that_is_not_text_is_still_a_name():
    assert derive(student="\udc80").seed("x") != derive(student="?").seed("x")


def test_the_key_is_not_in_the_repr():
    assert "b'" not in repr(derive())


def test_the_variable_is_hashed_and_wins_over_the_file(tmp_path):
    settings = Settings(secret_file=tmp_path / "secret")
    first = course_secret(settings, {"GRADE_SECRET": "correct horse"})
    assert len(first) == 32
    assert first == course_secret(settings, {"GRADE_SECRET": "correct horse"})
    assert first != course_secret(settings, {"GRADE_SECRET": "correct horse "})
    assert not (tmp_path / "secret").exists()


def test_an_empty_variable_is_refused(tmp_path):
    with pytest.raises(BadSettings, match="set but empty"):
        course_secret(Settings(secret_file=tmp_path / "secret"), {"GRADE_SECRET": "  "})


@POSIX
def test_the_file_is_made_once_for_its_owner_alone(tmp_path):
    path = tmp_path / "new" / "secret"
    first = course_secret(Settings(secret_file=path), {})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert course_secret(Settings(secret_file=path), {}) == first
    assert os.listdir(path.parent) == ["secret"]


def test_two_files_hold_two_secrets(tmp_path):
    one, two = (course_secret(Settings(secret_file=tmp_path / name), {}) for name in "ab")
    assert one != two


@POSIX
def test_processes_that_race_end_with_one_secret(tmp_path):
    path = tmp_path / "config" / "secret"
    code = (
        "import sys, pathlib\n"
        "from grader.challenge import course_secret\nfrom grader.settings import Settings\n"
        "settings = Settings(secret_file=pathlib.Path(sys.argv[1]))\n"
        "sys.stdin.readline()\nprint(course_secret(settings, {}).hex())"
    )
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(6)
    ]
    for racer in racers:
        assert racer.stdin
        racer.stdin.write("\n")
        racer.stdin.flush()
    seen = {racer.communicate(timeout=60)[0] for racer in racers}
    assert len(seen) == 1
    assert seen.pop().strip() == path.read_text().strip()
    assert os.listdir(path.parent) == ["secret"]


def test_a_race_lost_between_looking_and_linking_keeps_the_winner(tmp_path, monkeypatch):
    path = tmp_path / "secret"
    link = os.link

    def slow_link(source, target):
        path.write_text("11" * 32)
        path.chmod(0o600)
        link(source, target)

    monkeypatch.setattr(os, "link", slow_link)
    assert course_secret(Settings(secret_file=path), {}) == b"\x11" * 32
    assert os.listdir(tmp_path) == ["secret"]


@POSIX
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_file_open_to_others_is_refused(tmp_path, mode):
    path = tmp_path / "secret"
    course_secret(Settings(secret_file=path), {})
    path.chmod(mode)
    with pytest.raises(BadSettings, match="chmod 600"):
        course_secret(Settings(secret_file=path), {})


@pytest.mark.parametrize(
    "text", ["", "11" * 31, "11" * 33, "zz" * 32, "\n" + "11" * 32, "11" * 32 + "\nmore"]
)
def test_a_damaged_file_is_refused_and_kept(tmp_path, text):
    path = tmp_path / "secret"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(BadSettings, match="damaged"):
        course_secret(Settings(secret_file=path), {})
    assert path.read_text() == text


@POSIX
def test_a_pipe_in_its_place_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "secret", 0o600)
    with pytest.raises(BadSettings, match="damaged"):
        course_secret(Settings(secret_file=tmp_path / "secret"), {})


def test_a_folder_in_its_place_is_refused(tmp_path):
    with pytest.raises(BadSettings, match="cannot be read"):
        course_secret(Settings(secret_file=tmp_path), {})


def test_a_place_that_cannot_be_written_gives_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BadSettings, match="GRADE_SECRET"):
        course_secret(Settings(secret_file=tmp_path / "file" / "secret"), {})


def test_a_full_disk_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BadSettings, match="No space left"):
        course_secret(Settings(secret_file=tmp_path / "secret"), {})
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="XDG folders")
def test_the_default_place_follows_the_configuration_folder(tmp_path, monkeypatch):
    assert default_secret_file({"XDG_CONFIG_HOME": "/conf"}).as_posix() == "/conf/metronome/secret"
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_secret_file({"XDG_CONFIG_HOME": ""}) == tmp_path / ".config" / "metronome" / "secret"
