"""Reading an exercise: what is in the repository is whole, and what is wrong is named by file and key."""

import shutil
import tomllib

import pytest
from pydantic import ValidationError

from grader import exercise as exercises
from grader.complaints import complaint
from grader.errors import BadExercise, BadSettings, UnknownExercise
from grader.exercise import Exercise, course, load_exercise, slugs, use_folder
from tests.grader.own import OWN, TOML


@pytest.fixture
def edited(tmp_path, monkeypatch):
    """A course of its own with linreg-torch, its text edited; loads it."""
    folder = tmp_path / "exercises" / "linreg-torch"
    folder.mkdir(parents=True)
    source = course("exercises") / "linreg-torch" / "exercise.toml"
    monkeypatch.setattr(exercises, "course", lambda part: tmp_path / part)
    load_exercise.cache_clear()

    def load(*edits):
        text = source.read_text()
        for old, new in edits:
            assert old in text
            text = text.replace(old, new, 1)
        (folder / "exercise.toml").write_text(text)
        return load_exercise("linreg-torch")

    yield load
    load_exercise.cache_clear()


def test_both_exercises_are_there():
    assert {"linreg-torch", "mnist-from-memory"} <= set(slugs())
    assert slugs() == sorted(slugs())


@pytest.mark.parametrize("slug", slugs())
def test_an_exercise_has_all_its_files_and_a_rubric_of_a_hundred_points(slug):
    exercise = load_exercise(slug)
    assert exercise.slug == slug
    assert exercise.max_points == pytest.approx(100)
    for name in ("model.py", "task.py", "README.md", "starter.py"):
        assert (exercise.folder / name).is_file()
    assert (exercise.reference / "solution.py").is_file()
    assert len(list((exercise.reference / "variants").glob("*.py"))) >= 5
    assert any(requirement.required for requirement in exercise.requirement)


def test_an_unknown_exercise_is_told_with_those_there_are():
    with pytest.raises(UnknownExercise, match=r"'nonsense'.*linreg-torch, .*mnist-from-memory"):
        load_exercise("nonsense")


@pytest.mark.parametrize("slug", ["", "../reference/linreg-torch", "linreg-torch/", "LINREG-TORCH"])
def test_a_slug_is_a_name_and_no_path(slug):
    with pytest.raises(UnknownExercise):
        load_exercise(slug)


def test_an_unchanged_copy_is_the_same_exercise(edited):
    copy = edited()
    assert copy.max_points == 100


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('title = "A line', 'title = A line', "exercise.toml"),
        ("pass_mark = 0.7", "pass_mark = 1.7", "pass_mark"),
        ("pass_mark = 0.7", 'pass_mark = "0.7"', "pass_mark"),
        ("pass_mark = 0.7", "", "pass_mark"),
        ("pass_mark = 0.7", "pass_mark = 0.7\nfree = 1", "free"),
        ("deadline = 20", "deadline = 0", "limits.deadline"),
        ("deadline = 20", "deadline = 20\nmemory_mb = 1", "limits.memory_mb"),
        ('better = "lower"', 'better = "smaller"', "hidden.better"),
        ("points = 10", "points = -1", "requirement.0.points"),
        ('function = "train"', "", 'needs the key "function"'),
        ('id = "own-parameters"', 'id = "backward"', "'backward' stands twice"),
        ('needs = ["backward"]', 'needs = ["accuracy"]', "needs 'accuracy', not listed before it"),
        ('slug = "linreg-torch"', 'slug = "other"', "is 'other', but the folder is called 'linreg-torch'"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_by_file_and_key(edited, old, new, words):
    with pytest.raises(BadExercise, match=r"linreg-torch/exercise\.toml") as raised:
        edited((old, new))
    assert words in str(raised.value)
    assert raised.value.exit_code == 3


def test_an_exercise_cannot_be_changed():
    with pytest.raises(ValidationError):
        load_exercise("linreg-torch").pass_mark = 0.0


def test_the_bundled_course_comes_before_the_one_beside_the_package(tmp_path, monkeypatch):
    folder = load_exercise("linreg-torch").folder
    package = tmp_path / "grader"
    package.mkdir()
    monkeypatch.setattr(exercises, "__file__", str(package / "exercise.py"))
    assert course("exercises") == tmp_path / "exercises"
    shutil.copytree(folder, package / "_course" / "exercises" / "linreg-torch")
    assert course("exercises") == package / "_course" / "exercises"
    assert slugs() == ["linreg-torch"]


def test_the_files_are_toml_that_any_reader_takes():
    for slug in slugs():
        table = tomllib.loads((course("exercises") / slug / "exercise.toml").read_text())
        assert table["slug"] == slug


def test_exercises_of_a_folder_of_ones_own_are_found_beside_ours(own_exercise):
    assert "first-line" in slugs()
    assert own_exercise.folder.name == "first-line"
    assert own_exercise.reference == own_exercise.folder / "reference"
    assert load_exercise("linreg-torch").reference.parent.name == "reference"
    use_folder(None)
    assert "first-line" not in slugs()


def test_a_folder_may_be_named_by_the_environment(own_exercise, monkeypatch):
    folder = own_exercise.folder.parent
    use_folder(None)
    monkeypatch.setenv("GRADE_EXERCISES", str(folder))
    assert "first-line" in slugs()


def test_what_is_no_folder_or_takes_a_name_of_ours_is_refused(own_exercise, tmp_path):
    with pytest.raises(BadSettings, match="is no folder"):
        use_folder(tmp_path / "nothing")
    own_exercise.folder.rename(own_exercise.folder.parent / "linreg-torch")
    use_folder(None)
    with pytest.raises(BadExercise, match="of this name already"):
        use_folder(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('["missing-zero-grad"]', '["missing-zero-grat"]', "'missing-zero-grat' is no finding; did you mean"),
        ("points = 25", "points = 20", "add up to 95"),
        ("[graded]\ninputs = 1\noutputs = 1\nshapes = [[1, 1], [1]]", "", "[hidden] needs [graded]"),
        (
            "[graded]\n",
            '[resumes]\nfindings = ["resume-diverge"]\n[graded]\n',
            "'resume-diverge' is no finding",
        ),
        ("[graded]\n", "[resumes]\nfindings = []\n[graded]\n", "resumes.findings: needs at least 1"),
    ],
)
def test_a_rubric_that_cannot_be_is_refused(own_exercise, old, new, words):
    path = own_exercise.folder / "exercise.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    load_exercise.cache_clear()
    with pytest.raises(BadExercise, match=r"first-line/exercise\.toml") as raised:
        load_exercise("first-line")
    assert words in str(raised.value)


def test_runs_are_only_resumed_where_there_are_weights_to_compare():
    table = load_exercise("checkpoint-resume").model_dump() | {"graded": None, "hidden": None}
    with pytest.raises(ValueError, match=r"\[resumes\] needs \[graded\]"):
        Exercise.model_validate(table)


# ── architectures of the file's own ──────────────────────────────────────────────────────────────


def test_an_own_architecture_has_bounds_in_place_of_shapes():
    assert OWN.own == {"inputs": 784, "outputs": 10, "parameters": 300_000}
    assert OWN.shapes == []
    assert load_exercise("mnist-from-memory").own is None


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("parameters = 300_000", "", 'graded: architecture = "own" needs "parameters"'),
        ("parameters = 300_000", "parameters = 0", "graded.parameters: is 0"),
        ("parameters = 300_000", "parameters = 4_000_001", "graded.parameters: is 4000001"),
        ("parameters = 300_000", "parameters = 9\nshapes = [[1]]", "leaves the shapes open"),
        ('architecture = "own"', 'architecture = "mine"', "graded.architecture: is 'mine', but must be"),
        ('architecture = "own"', "", 'needs "shapes", or architecture = "own"'),
        ('architecture = "own"', "shapes = [[10, 784]]", '"parameters" bounds an own architecture'),
        ("inputs = 784", "inputs = 15", "needs inputs of 16 numbers or more"),
        ('entry = "script"', 'entry = "function"\nfunction = "train"', 'is for entry = "script"'),
        ("[hidden", "[hiddenn", "unknown key"),
    ],
)
def test_a_mistake_about_an_own_architecture_is_named(old, new, words):
    assert old in TOML
    with pytest.raises(ValidationError) as caught:
        exercises.Exercise.model_validate(tomllib.loads(TOML.replace(old, new)))
    assert words in complaint(exercises.Exercise, caught.value)


def test_an_own_architecture_is_measured():
    table = tomllib.loads(TOML)
    del table["hidden"]
    with pytest.raises(ValidationError, match=r"needs \[hidden\]"):
        exercises.Exercise.model_validate(table)
