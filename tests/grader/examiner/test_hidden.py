"""The exercises' task.py at work: data that follow from the seeds, and numbers from gated weights alone."""

import numpy as np
import pytest
from safetensors.numpy import save

from grader.errors import BadExercise, GateError
from grader.examiner import hidden
from grader.examiner.hidden import draw, load_task, measure
from grader.exercise import load_exercise, slugs
from grader.gate import NonFiniteWeightsError

LINREG = load_exercise("linreg-torch")
SEEDS = {"train": 1 << 200, "hidden": 3 << 190}


def weights(slope, intercept, dtype=np.float32):
    return save({"0": np.array([[slope]], dtype=dtype), "1": np.array([intercept], dtype=dtype)})


@pytest.fixture
def broken(tmp_path, monkeypatch):
    """An exercise whose task.py holds this text; None for no file."""

    def make(text):
        if text is not None:
            (tmp_path / "task.py").write_text(text)
        monkeypatch.setattr(type(LINREG), "folder", property(lambda self: tmp_path))

    load_task.cache_clear()
    yield make
    load_task.cache_clear()


@pytest.mark.parametrize("slug", slugs())
def test_the_same_seeds_draw_the_same_files(slug):
    exercise = load_exercise(slug)
    training, kept, parameters = draw(exercise, SEEDS, None)
    assert (training, kept, parameters) == draw(exercise, dict(SEEDS), None)
    assert training
    assert kept or exercise.hidden is None
    assert parameters.get("samples", 1) > 0


@pytest.mark.parametrize("slug", slugs())
def test_each_seed_rules_its_own_part(slug):
    exercise = load_exercise(slug)
    training, kept, _ = draw(exercise, SEEDS, None)
    same, others, _ = draw(exercise, {**SEEDS, "hidden": 4}, None)
    assert same == training
    assert others.keys() == kept.keys()
    assert others != kept or not kept
    changed, _, _ = draw(exercise, {**SEEDS, "train": 4}, None)
    assert changed != training


@pytest.mark.parametrize("slug", slugs())
def test_no_hidden_file_is_handed_out_as_a_training_file(slug):
    training, kept, _ = draw(load_exercise(slug), SEEDS, None)
    assert not set(training.values()) & set(kept.values())


def test_the_true_line_has_no_error_and_a_shifted_one_the_square_of_the_shift():
    """The hidden points lie on the line, so two of them tell it."""
    _, kept, _ = draw(LINREG, SEEDS, None)
    x, y = (hidden.load_task("linreg-torch")._array(kept[name]).ravel() for name in ("x.npy", "y.npy"))
    slope, intercept = np.polyfit(x, y, 1)
    metrics, samples = measure(LINREG, weights(slope, intercept), kept, 1.0, 0.0)
    assert metrics["mse"] < 1e-9
    assert samples == len(x) == 2000
    metrics, _ = measure(LINREG, weights(slope, intercept + 0.5), kept, 1.0, 0.0)
    assert metrics["mse"] == pytest.approx(0.25, rel=1e-4)


def test_the_input_map_is_applied_before_the_module():
    _, kept, _ = draw(LINREG, SEEDS, None)
    plain, _ = measure(LINREG, weights(2.0, 1.0, np.float64), kept, 1.0, 0.0)
    mapped, _ = measure(LINREG, weights(0.5, 2.0, np.float64), kept, 4.0, -2.0)
    assert mapped["mse"] == pytest.approx(plain["mse"], rel=1e-9)


def test_weights_pass_the_gate_here_too():
    _, kept, _ = draw(LINREG, SEEDS, None)
    with pytest.raises(GateError):
        measure(LINREG, b"\x80\x04pickle", kept, 1.0, 0.0)
    with pytest.raises(NonFiniteWeightsError):
        measure(LINREG, weights(np.nan, 0), kept, 1.0, 0.0)


def test_an_untrained_digit_reader_guesses():
    mnist = load_exercise("mnist-from-memory")
    _, kept, _ = draw(mnist, SEEDS, None)
    blank = save({"0": np.zeros((10, 784), dtype=np.float32), "1": np.zeros(10, dtype=np.float32)})
    metrics, samples = measure(mnist, blank, kept, 1.0, 0.0)
    assert samples >= 5000
    assert 0.05 < metrics["accuracy"] < 0.15


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "is missing"),
        ("x = (", "SyntaxError"),
        ("import nowhere", "nowhere"),
        ("1 / 0", "ZeroDivision"),
    ],
)
def test_a_task_that_cannot_be_imported_is_named(broken, text, words):
    broken(text)
    with pytest.raises(BadExercise, match=r"task\.py") as raised:
        draw(LINREG, SEEDS, None)
    assert words in str(raised.value)
