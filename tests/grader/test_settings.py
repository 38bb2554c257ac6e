"""Settings: file, variables, and errors that say where and what."""

from pathlib import Path

import pytest

from grader.errors import BadSettings
from grader.settings import Settings, load_settings, override


def write(folder: Path, text: str) -> Path:
    path = folder / "grade.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_file_and_variables_the_defaults_stand(tmp_path):
    assert load_settings(start=tmp_path, environ={}) == Settings()


def test_the_nearest_file_above_is_read(tmp_path):
    write(tmp_path, 'sandbox = "local"')
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    write(inner.parent, 'sandbox = "docker"')
    assert load_settings(start=inner, environ={}).sandbox == "docker"


def test_a_given_path_wins_over_the_nearest_file(tmp_path):
    write(tmp_path, 'sandbox = "docker"')
    other = tmp_path / "other.toml"
    other.write_text('student = "ada"')
    settings = load_settings(other, start=tmp_path, environ={})
    assert (settings.sandbox, settings.student) == ("auto", "ada")


def test_a_variable_wins_over_the_file_and_an_empty_one_does_not(tmp_path):
    write(tmp_path, 'sandbox = "docker"\nstudent = "ada"')
    settings = load_settings(start=tmp_path, environ={"GRADE_SANDBOX": "local", "GRADE_STUDENT": ""})
    assert (settings.sandbox, settings.student) == ("local", "ada")


def test_paths_in_the_file_are_relative_to_its_folder(tmp_path):
    write(tmp_path, 'data = "mnist"\nsecret_file = "/etc/secret"')
    settings = load_settings(start=tmp_path, environ={})
    assert settings.data == tmp_path / "mnist"
    assert settings.secret_file == Path("/etc/secret")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sandbx = 1", ["sandbx", "unknown key", "'sandbox'"]),
        ("colour = 1", ["colour", "unknown key", "sandbox, isolation, exercise"]),
        ('sandbox = "podman"', ["sandbox", "'podman'", '"auto", "docker", "local"']),
        ("gpu = 0", ["gpu", "0", "as a text"]),
        ("student = 7", ["student", "a text"]),
        ("data = 7", ["data", "path of a folder"]),
        ('data = ""', ["data", "path of a folder"]),
        ('data = "a\\u0000b"', ["data", "path of a folder"]),
        ('data = "~nobody-of-that-name/x"', ["data", "path of a folder"]),
        ('exercise = "../x"', ["exercise", "name of an exercise"]),
        ("sandbox = ", ["not valid TOML"]),
    ],
)
def test_a_wrong_file_is_refused_with_file_key_and_expectation(tmp_path, text, words):
    path = write(tmp_path, text)
    with pytest.raises(BadSettings) as caught:
        load_settings(start=tmp_path, environ={})
    for word in [str(path), *words]:
        assert word in str(caught.value)


def test_a_file_that_is_not_utf8_is_refused(tmp_path):
    (tmp_path / "grade.toml").write_bytes(b'student = "\xff"')
    with pytest.raises(BadSettings, match="not UTF-8"):
        load_settings(start=tmp_path, environ={})


def test_a_given_file_that_is_missing_is_refused(tmp_path):
    with pytest.raises(BadSettings, match="cannot be read"):
        load_settings(tmp_path / "none.toml", environ={})


def test_a_wrong_variable_is_named(tmp_path):
    with pytest.raises(BadSettings, match="GRADE_SANDBOX: is 'podman'"):
        load_settings(start=tmp_path, environ={"GRADE_SANDBOX": "podman"})


def test_a_misspelt_variable_is_refused_and_a_strange_one_is_not(tmp_path):
    with pytest.raises(BadSettings, match="GRADE_SANDBX is unknown; did you mean GRADE_SANDBOX"):
        load_settings(start=tmp_path, environ={"GRADE_SANDBX": "docker"})
    assert load_settings(start=tmp_path, environ={"GRADE_HOOK_URL": "x", "GRADE_SECRET": "s"}) == Settings()


def test_the_secret_is_no_setting():
    assert "secret" not in Settings.model_fields


def test_options_override_and_none_keeps(tmp_path):
    settings = override(Settings(sandbox="docker", data=tmp_path), sandbox=None, student="bob", gpu="GPU-1a")
    assert (settings.sandbox, settings.student, settings.gpu, settings.data) == (
        "docker",
        "bob",
        "GPU-1a",
        tmp_path,
    )


def test_a_wrong_option_is_named():
    with pytest.raises(BadSettings, match="--gpu: is '; rm'"):
        override(Settings(), gpu="; rm")


def test_a_folder_that_was_deleted_under_us_gives_a_sentence(tmp_path, monkeypatch):
    def gone():
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(Path, "cwd", gone)
    with pytest.raises(BadSettings, match="no longer exists"):
        load_settings(environ={})
