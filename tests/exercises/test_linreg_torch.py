"""The exercise linreg-torch: its data, what it hands to the student, its rubric and its reference files."""

from __future__ import annotations

import ast
import importlib.util
import io
import math
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

from grader.exercise import load_exercise
from grader.promise import promise_of

EXERCISE = load_exercise("linreg-torch")
SOLUTION = EXERCISE.reference / "solution.py"
VARIANTS = sorted((EXERCISE.reference / "variants").glob("*.py"))
BUGS = sorted((EXERCISE.reference / "bugs").glob("*.py"))
CHALLENGES = 20
OUTCOMES = {
    "crashed",
    "import-error",
    "memory-exceeded",
    "output-exceeded",
    "syntax-error",
    "timed-out",
    "wrong-signature",
}
"""Findings that end a run, so that no requirement of the rubric names them."""


def load(path: Path) -> ModuleType:
    """A file of the exercise as a module."""
    spec = importlib.util.spec_from_file_location(f"linreg_torch_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TASK = load(EXERCISE.folder / "task.py")
MODEL = load(EXERCISE.folder / "model.py")


def seeds(number: int) -> dict[str, int]:
    """Four independent seeds, as wide as a challenge's."""
    words = np.random.SeedSequence(number).generate_state(32)
    wide = [int.from_bytes(words[start : start + 8].tobytes(), "big") for start in range(0, 32, 8)]
    return {"train": wide[0], "hidden": wide[1], "init": wide[2] >> 193, "order": wide[3] >> 193}


class Challenge:
    """One challenge, laid out in a folder, with the arguments built from it."""

    def __init__(self, number: int, folder: Path) -> None:
        self.folder, self.seeds = folder, seeds(number)
        training, self.hidden, self.parameters = TASK.draw(self.seeds, None)
        for name, content in training.items():
            (folder / name).write_bytes(content)

    def arguments(self) -> dict[str, Any]:
        made: dict[str, Any] = MODEL.make(self.folder, self.seeds, self.parameters)
        return made

    def mse(self, model: torch.nn.Module) -> float:
        weights = [parameter.detach().double().numpy() for parameter in model.parameters()]
        metrics, _ = TASK.evaluate(weights, self.hidden, 1.0, 0.0)
        return float(metrics["mse"])


def weights_and_order(arguments: dict[str, Any]) -> tuple[list[float], list[float]]:
    """Initial parameters, and the first numbers of two epochs of batches."""
    parameters = [parameter.item() for parameter in arguments["model"].parameters()]
    return parameters, [x[0].item() for _ in range(2) for x, _ in arguments["loader"]]


def finish(path: Path, folder: Path, number: int) -> tuple[float, list[float], int]:
    """Run a loop bare on a challenge: the hidden error, what it returned, the epochs it was asked for."""
    challenge = Challenge(number, folder)
    arguments = challenge.arguments()
    returned = load(path).train(*arguments.values())
    return challenge.mse(arguments["model"]), returned, int(challenge.parameters["epochs"])


def shape_of(path: Path) -> str:
    """A file's syntax tree without comments, docstrings, annotations and the names its author chose."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names: dict[str, str] = {}
    chosen = {
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    chosen |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    chosen |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module):
            if ast.get_docstring(node) is not None:
                del node.body[0]
            if not isinstance(node, ast.Module):
                node.name = names.setdefault(node.name, f"n{len(names)}")
        elif isinstance(node, ast.arg):
            node.annotation = None
            node.arg = names.setdefault(node.arg, f"n{len(names)}")
        elif isinstance(node, ast.Name) and node.id in chosen:
            node.id = names.setdefault(node.id, f"n{len(names)}")
    return ast.dump(tree)


def expectation(path: Path) -> str:
    """The slug that a bug file announces in its first line."""
    (slug,) = promise_of(path.read_bytes()).slugs
    return slug


def test_the_rubric_adds_up_to_a_hundred_points() -> None:
    assert EXERCISE.max_points == 100


def test_the_required_requirements_alone_are_enough_to_pass() -> None:
    required = sum(requirement.points for requirement in EXERCISE.requirement if requirement.required)
    assert EXERCISE.pass_mark * 100 <= required < 100


def test_every_finding_stands_in_one_requirement_and_accuracy_waits_for_nothing() -> None:
    slugs = [slug for requirement in EXERCISE.requirement for slug in requirement.findings]
    assert len(slugs) == len(set(slugs))
    assert EXERCISE.requirement[-1].findings == ["accuracy-below-threshold"]
    assert EXERCISE.requirement[-1].needs == []


def test_the_same_seeds_draw_the_same_files() -> None:
    assert TASK.draw(seeds(1), None) == TASK.draw(seeds(1), None)


def test_every_bit_of_the_training_seed_counts() -> None:
    base = seeds(2)
    for bit in (0, 31, 32, 64, 255):
        other = base | {"train": base["train"] ^ (1 << bit)}
        assert TASK.draw(other, None)[0] != TASK.draw(base, None)[0], f"bit {bit} changes nothing"


def test_the_hidden_seed_changes_the_hidden_points_only() -> None:
    base, other = seeds(3), seeds(3) | {"hidden": seeds(4)["hidden"]}
    training, hidden, parameters = TASK.draw(base, None)
    other_training, other_hidden, other_parameters = TASK.draw(other, None)
    assert (training, parameters) == (other_training, other_parameters)
    assert hidden["x.npy"] != other_hidden["x.npy"]


def test_the_files_hold_the_promised_shapes_and_no_hidden_point() -> None:
    training, hidden, _ = TASK.draw(seeds(5), None)
    arrays = {name: np.load(io.BytesIO(content), allow_pickle=False) for name, content in training.items()}
    assert {name: values.shape for name, values in arrays.items()} == {"x.npy": (128, 1), "y.npy": (128, 1)}
    assert all(values.dtype == np.float32 for values in arrays.values())
    unseen = np.load(io.BytesIO(hidden["x.npy"]), allow_pickle=False)
    assert len(unseen) >= 1_000
    assert not np.isin(unseen, arrays["x.npy"]).any()


def test_the_epochs_are_between_20_and_28_and_differ() -> None:
    drawn = {TASK.draw(seeds(number), None)[2]["epochs"] for number in range(60)}
    assert min(drawn) >= 20
    assert max(drawn) <= 28
    assert len(drawn) >= 7


def test_the_true_line_has_no_error_and_a_shifted_one_has_its_shift_squared() -> None:
    _, hidden, _ = TASK.draw(seeds(6), None)
    x, y = (np.load(io.BytesIO(hidden[name])).astype(np.float64) for name in ("x.npy", "y.npy"))
    slope, intercept = np.polyfit(x[:, 0], y[:, 0], 1)
    metrics, samples = TASK.evaluate([np.array([[slope]]), np.array([intercept])], hidden, 1.0, 0.0)
    assert samples == len(x)
    assert metrics["mse"] < 1e-10
    shifted, _ = TASK.evaluate([np.array([[slope]]), np.array([intercept + 0.5])], hidden, 1.0, 0.0)
    assert shifted["mse"] == pytest.approx(0.25, rel=1e-4)


def test_evaluation_undoes_a_student_s_own_scaling_of_the_input() -> None:
    _, hidden, _ = TASK.draw(seeds(6), None)
    plain, _ = TASK.evaluate([np.array([[1.5]]), np.array([0.5])], hidden, 1.0, 0.0)
    scaled, _ = TASK.evaluate([np.array([[3.0]]), np.array([-1.0])], hidden, 0.5, 0.5)
    assert scaled["mse"] == pytest.approx(plain["mse"])


def test_the_arguments_come_in_the_order_of_the_signature(tmp_path: Path) -> None:
    challenge = Challenge(7, tmp_path)
    arguments = challenge.arguments()
    assert EXERCISE.signature is not None
    assert EXERCISE.signature.startswith(f"train({', '.join(arguments)})")
    assert arguments["epochs"] == challenge.parameters["epochs"]
    assert arguments["optimizer"].param_groups[0]["lr"] == EXERCISE.expect.lr == challenge.parameters["lr"]
    assert [list(parameter.shape) for parameter in arguments["model"].parameters()] == EXERCISE.graded.shapes


def test_weights_and_order_depend_on_their_seeds_alone(tmp_path: Path) -> None:
    challenge = Challenge(8, tmp_path)
    torch.manual_seed(1)
    first = weights_and_order(challenge.arguments())
    torch.manual_seed(2)
    torch.rand(100)
    assert weights_and_order(challenge.arguments()) == first
    challenge.seeds["init"] += 1
    other_weights, same_order = weights_and_order(challenge.arguments())
    assert other_weights != first[0]
    assert same_order == first[1]
    challenge.seeds["order"] += 1
    assert weights_and_order(challenge.arguments())[1] != first[1]


def test_making_the_arguments_leaves_the_global_generator_alone(tmp_path: Path) -> None:
    challenge = Challenge(8, tmp_path)
    before = torch.get_rng_state()
    weights_and_order(challenge.arguments())
    assert torch.equal(torch.get_rng_state(), before)


def test_the_source_is_what_the_loader_gives(tmp_path: Path) -> None:
    challenge = Challenge(9, tmp_path)
    rows = np.concatenate([x.numpy() for x, _ in challenge.arguments()["loader"]])
    (source,) = MODEL.sources(tmp_path).values()
    assert source.shape == (128, 1)
    assert np.array_equal(np.sort(rows, axis=0), np.sort(source, axis=0))


@pytest.mark.parametrize("number", range(CHALLENGES))
def test_the_solution_reaches_the_threshold_and_an_untrained_model_does_not(
    number: int, tmp_path: Path
) -> None:
    untrained = Challenge(number, tmp_path)
    assert untrained.mse(untrained.arguments()["model"]) > 10 * EXERCISE.hidden.threshold
    error, _, _ = finish(SOLUTION, tmp_path, number)
    assert error < EXERCISE.hidden.threshold / 2


@pytest.mark.parametrize("path", [SOLUTION, *VARIANTS], ids=lambda path: path.stem)
def test_every_right_loop_returns_an_average_for_each_epoch_and_finds_the_line(
    path: Path, tmp_path: Path
) -> None:
    for number in range(3):
        error, returned, epochs = finish(path, tmp_path, number)
        assert error < EXERCISE.hidden.threshold
        assert len(returned) == epochs
        assert all(type(average) is float and math.isfinite(average) for average in returned)
        assert returned[-1] < 0.2 < 3 * 0.2 < returned[0]


def test_the_starter_runs_and_does_not_find_the_line(tmp_path: Path) -> None:
    error, returned, epochs = finish(EXERCISE.folder / "starter.py", tmp_path, 0)
    assert error > EXERCISE.hidden.threshold
    assert len(returned) == epochs


def test_there_are_at_least_twelve_variants() -> None:
    assert len(VARIANTS) >= 12


def test_every_slug_of_the_rubric_and_every_bad_end_has_a_bug_file() -> None:
    slugs = {slug for requirement in EXERCISE.requirement for slug in requirement.findings}
    assert {expectation(path) for path in BUGS} == slugs | OUTCOMES | set(EXERCISE.notes)


def test_only_the_syntax_error_does_not_parse() -> None:
    unparsed = []
    for path in [SOLUTION, *VARIANTS, *BUGS]:
        try:
            ast.parse(path.read_text(encoding="utf-8"))
        except SyntaxError:
            unparsed.append(expectation(path))
    assert unparsed == ["syntax-error"]


@pytest.mark.parametrize("paths", [[SOLUTION, *VARIANTS], BUGS], ids=["right", "bugs"])
def test_no_two_reference_files_are_the_same_program(paths: list[Path]) -> None:
    parsed = [path for path in paths if path.stem != "syntax_error"]
    shapes: dict[str, Path] = {}
    for path in parsed:
        twin = shapes.setdefault(shape_of(path), path)
        assert twin is path, f"{path.name} is {twin.name} in other words"
