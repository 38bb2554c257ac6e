"""The exercise mnist-from-memory: its digits, its hidden test, the MNIST it serves, and its references."""

from __future__ import annotations

import ast
import gzip
import importlib.util
import itertools
import runpy
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from grader.exercise import load_exercise
from sandbox import vision
from tests import calibrate

SLUG = "mnist-from-memory"
SAMPLES = 6000
SEEDS = {"train": 3**161, "hidden": 5**110}
OUTSIDE_THE_RUBRIC = {
    "crashed",
    "shape-mismatch",
    "timed-out",
    "import-error",
    "syntax-error",
    "memory-exceeded",
    "output-exceeded",
}
task = calibrate.load_task(SLUG)
Files = dict[str, bytes]


@pytest.fixture(scope="module")
def drawn() -> tuple[Files, Files]:
    """Training and hidden files of one challenge."""
    training, hidden, parameters = task.draw(SEEDS, None)
    assert parameters == {"samples": SAMPLES}
    return training, hidden


@pytest.fixture
def served(
    drawn: tuple[Files, Files], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[ModuleType, Path]:
    """model.py after make(), and the folder it serves; torchvision is as before when the test is over."""
    vision.prepare()
    from torchvision import datasets

    monkeypatch.setattr(datasets.MNIST, "raw_folder", datasets.MNIST.raw_folder)
    for name in ("EMNIST", "FashionMNIST", "KMNIST", "QMNIST"):
        relative = getattr(datasets, name)
        monkeypatch.setattr(relative, "download", relative.download)
    spec = importlib.util.spec_from_file_location("model", load_exercise(SLUG).folder / "model.py")
    assert spec is not None
    assert spec.loader is not None
    model = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(model)
    folder = tmp_path / "challenge"
    folder.mkdir()
    for file, content in drawn[0].items():
        (folder / file).write_bytes(content)
    assert model.make(folder, {}, {}) == {}
    monkeypatch.chdir(tmp_path)
    return model, folder


# ── the rubric ───────────────────────────────────────────────────────────────────────────────────


def test_the_rubric_makes_100_points_and_names_each_finding_once() -> None:
    exercise = load_exercise(SLUG)
    findings = [slug for requirement in exercise.requirement for slug in requirement.findings]
    assert exercise.max_points == 100
    assert len(findings) == len(set(findings))
    assert [r.id for r in exercise.requirement if r.required] == ["accuracy"]


@pytest.mark.parametrize(
    "root", ["cleared", "held-out", "all-batches", "backward", "updates", "beat", "accuracy"]
)
def test_a_loop_that_fails_a_core_requirement_cannot_pass(root: str) -> None:
    exercise = load_exercise(SLUG)
    failed = {root}
    for requirement in exercise.requirement:
        if failed & set(requirement.needs):
            failed.add(requirement.id)
    reached = sum(r.points for r in exercise.requirement if r.id not in failed)
    required = any(r.required for r in exercise.requirement if r.id in failed)
    assert required or reached / exercise.max_points < exercise.pass_mark


# ── the digits ───────────────────────────────────────────────────────────────────────────────────


def test_the_same_seeds_draw_the_same_bytes(drawn: tuple[Files, Files]) -> None:
    assert task.draw(SEEDS, None)[:2] == drawn


def test_every_bit_of_a_seed_counts() -> None:
    seeds = [SEEDS["train"], SEEDS["train"] + 1, SEEDS["train"] + 2**250]
    first = [task.digits(task._generator(seed), 5)[0].tobytes() for seed in seeds]
    assert len(set(first)) == 3


def test_hidden_files_come_from_the_hidden_seed_alone(drawn: tuple[Files, Files]) -> None:
    training, hidden, _ = task.draw({"train": 7, "hidden": SEEDS["hidden"]}, None)
    assert hidden == drawn[1]
    assert all(training[name] != drawn[0][name] for name in task.TRAINING_FILES)
    training, hidden, _ = task.draw({"train": SEEDS["train"], "hidden": 7}, None)
    assert training == drawn[0]
    assert all(hidden[name] != drawn[1][name] for name in task.HIDDEN_FILES)


def test_no_image_is_drawn_twice_even_from_equal_seeds(drawn: tuple[Files, Files]) -> None:
    images = [content for files in drawn for name, content in files.items() if "images" in name]
    rows = [row.tobytes() for content in images for row in task.read_idx(content)]
    assert len(rows) == 12_000
    assert len(set(rows)) == 12_000


def test_sizes_and_classes_are_as_stated(drawn: tuple[Files, Files]) -> None:
    files = {**drawn[0], **drawn[1]}
    for prefix, count in (("train", 6_000), ("t10k", 1_000), ("hidden", 5_000)):
        images = task.read_idx(files[f"{prefix}-images-idx3-ubyte"])
        labels = task.read_idx(files[f"{prefix}-labels-idx1-ubyte"])
        assert images.shape == (count, 28, 28)
        assert labels.shape == (count,)
        shares = np.bincount(labels, minlength=10) / count
        assert shares.shape == (10,)
        assert shares.min() > 0.06
        assert shares.max() < 0.14


# ── the hidden test ──────────────────────────────────────────────────────────────────────────────


def lit(labels: list[int]) -> Files:
    """Hidden files of black images with one white pixel, whose index is the label."""
    images = np.zeros((len(labels), 28, 28), dtype=np.uint8)
    images.reshape(len(labels), -1)[np.arange(len(labels)), labels] = 255
    arrays = (images, np.array(labels, dtype=np.uint8))
    return dict(zip(task.HIDDEN_FILES, map(task.write_idx, arrays), strict=True))


def test_a_perfect_map_scores_one_and_a_reversed_one_zero() -> None:
    weights = [np.eye(10, 784, dtype=np.float32), np.zeros(10, dtype=np.float32)]
    assert task.evaluate(weights, lit([3, 1, 4, 1, 5, 9]), 1.0, 0.0) == (
        {"accuracy": 1.0, "renamed_accuracy": 1.0},
        6,
    )
    assert task.evaluate(weights, lit([3, 1, 4, 1, 5, 9]), -1.0, 0.0)[0]["accuracy"] == 0.0


def test_all_zero_weights_score_what_guessing_one_class_scores() -> None:
    weights = [np.zeros((10, 784)), np.zeros(10)]
    assert task.evaluate(weights, lit([0, 1, 2, 3, 0]), 1.0, 0.0) == (
        {"accuracy": 0.4, "renamed_accuracy": 0.4},
        5,
    )


@pytest.mark.parametrize("number", range(12))
def test_the_best_renaming_is_the_best_of_all(number: int) -> None:
    """Against every renaming of the few classes that are guessed or there."""
    rng = np.random.default_rng(number)
    classes = 1 + number % 5
    guesses = rng.integers(classes, size=40)
    labels = rng.integers(classes, size=40).astype(np.uint8)
    best = max(
        float((np.array(names)[guesses] == labels).mean()) for names in itertools.permutations(range(classes))
    )
    assert task._renamed(guesses, labels) == best


def test_renaming_finds_what_was_renamed_and_never_less_than_what_was_not() -> None:
    rng = np.random.default_rng(3)
    labels = rng.integers(10, size=500).astype(np.uint8)
    for _ in range(5):
        assert task._renamed(rng.permutation(10)[labels], labels) == 1.0
        guesses = rng.integers(10, size=500)
        assert (guesses == labels).mean() <= task._renamed(guesses, labels) < 0.35
    assert task._renamed(np.zeros(0, dtype=np.intp), labels[:0]) == 0.0


def test_one_guess_cannot_stand_for_two_classes() -> None:
    labels = np.array([0, 0, 1, 1, 1], dtype=np.uint8)
    assert task._renamed(np.zeros(5, dtype=np.intp), labels) == 0.6
    assert task._renamed(np.array([7, 7, 7, 4, 4]), labels) == 0.8


def test_a_map_of_renamed_classes_reads_nothing_but_renamed_all() -> None:
    weights = [np.roll(np.eye(10, 784), 1, axis=0), np.zeros(10)]
    assert task.evaluate(weights, lit([3, 1, 4, 1, 5, 9]), 1.0, 0.0)[0] == {
        "accuracy": 0.0,
        "renamed_accuracy": 1.0,
    }


def test_scale_and_shift_are_part_of_the_map() -> None:
    matrix, bias = np.eye(10, 784), np.zeros(10)
    bias[0] = 0.5  # class 0 wins unless the lit pixel counts for more than that
    assert task.evaluate([matrix, bias], lit([1, 2]), 0.4, 0.0)[0]["accuracy"] == 0.0
    assert task.evaluate([matrix, bias], lit([1, 2]), 0.6, 0.0)[0]["accuracy"] == 1.0
    matrix[0, 700] = 1.0  # a pixel that is dark: only the shift lights it
    assert task.evaluate([matrix, bias * 0], lit([1, 2]), 1.0, 2.0)[0]["accuracy"] == 0.0


# ── the real MNIST ───────────────────────────────────────────────────────────────────────────────


def real_files(train: int = 7, test: int = 10) -> Files:
    """A tiny stand-in for the real MNIST; the pixel values number its images."""
    files = {}
    for prefix, count in (("train", train), ("t10k", test)):
        images = np.zeros((count, 28, 28), dtype=np.uint8) + np.arange(count, dtype=np.uint8)[:, None, None]
        files[f"{prefix}-images-idx3-ubyte"] = task.write_idx(images)
        files[f"{prefix}-labels-idx1-ubyte"] = task.write_idx(np.arange(count, dtype=np.uint8) % 10)
    return files


@pytest.mark.parametrize("below", [".", "raw", "MNIST/raw"])
@pytest.mark.parametrize("packed", [False, True])
def test_real_files_are_used_wherever_torchvision_puts_them(tmp_path: Path, below: str, packed: bool) -> None:
    folder = tmp_path / below
    folder.mkdir(parents=True, exist_ok=True)
    files = real_files()
    for name, content in files.items():
        path = folder / (f"{name}.gz" if packed else name)
        path.write_bytes(gzip.compress(content) if packed else content)
    training, hidden, _ = task.draw(SEEDS, tmp_path)
    assert all(training[name] == files[name] for name in task.TRAINING_FILES[:2])
    numbers = [
        task.read_idx(x)[:, 0, 0] for x in (training[task.TRAINING_FILES[2]], hidden[task.HIDDEN_FILES[0]])
    ]
    assert sorted(map(len, numbers)) == [5, 5]
    assert sorted(np.concatenate(numbers)) == list(range(10))
    assert list(task.read_idx(hidden[task.HIDDEN_FILES[1]])) == list(numbers[1])


def test_the_split_of_the_real_test_set_follows_the_hidden_seed_alone(tmp_path: Path) -> None:
    for name, content in real_files(test=40).items():
        (tmp_path / name).write_bytes(content)
    base = task.draw(SEEDS, tmp_path)
    assert task.draw({**SEEDS, "train": 1}, tmp_path) == base
    assert task.draw({**SEEDS, "hidden": 1}, tmp_path)[1] != base[1]


def test_without_all_four_real_files_the_digits_are_drawn(tmp_path: Path, drawn: tuple[Files, Files]) -> None:
    files = real_files()
    del files[task.TRAINING_FILES[3]]
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    assert task.draw(SEEDS, tmp_path)[:2] == drawn


@pytest.mark.parametrize("damaged", [b"", b"\x1f\x8b not IDX", b"\0\0\x08\x01\0\0\0\x09cut off"])
def test_damaged_real_files_are_an_error(tmp_path: Path, damaged: bytes) -> None:
    for name, content in {**real_files(), task.TRAINING_FILES[1]: damaged}.items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=r"IDX|reshape"):
        task.draw(SEEDS, tmp_path)


# ── what the sandbox serves ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("root", ["data", "~/nowhere/at all", "/does/not/exist"])
@pytest.mark.parametrize("download", [True, False])
def test_mnist_reads_the_challenge_whatever_the_root(
    served: tuple[ModuleType, Path], drawn: tuple[Files, Files], root: str, download: bool
) -> None:
    from torchvision.datasets import MNIST

    for train, prefix in ((True, "train"), (False, "t10k")):
        dataset = MNIST(root, train=train, download=download)
        assert np.array_equal(dataset.data.numpy(), task.read_idx(drawn[0][f"{prefix}-images-idx3-ubyte"]))
        assert np.array_equal(dataset.targets.numpy(), task.read_idx(drawn[0][f"{prefix}-labels-idx1-ubyte"]))
    assert sorted(path.name for path in Path.cwd().iterdir()) == [
        "challenge"
    ]  # nothing was made for the root


def test_a_students_own_subclass_reads_the_challenge(served: tuple[ModuleType, Path]) -> None:
    from torchvision.datasets import MNIST
    from torchvision.transforms import ToTensor

    class Inverted(MNIST):
        """Black on white."""

        def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
            image, label = super().__getitem__(index)
            return 1 - image, label

    plain = MNIST("data", train=False, transform=ToTensor())
    inverted = Inverted("data", train=False, download=True, transform=ToTensor())
    assert torch.equal(inverted[5][0], 1 - plain[5][0])


@pytest.mark.parametrize("name", ["EMNIST", "FashionMNIST", "KMNIST", "QMNIST"])
def test_other_data_of_the_family_are_plainly_absent(served: tuple[ModuleType, Path], name: str) -> None:
    from torchvision import datasets

    more = {"split": "digits"} if name == "EMNIST" else {}
    with pytest.raises(RuntimeError, match=f"{name} cannot be downloaded: there is no network here"):
        getattr(datasets, name)("data", download=True, **more)
    with pytest.raises(RuntimeError, match="Dataset not found"):
        getattr(datasets, name)("data", download=False, **more)


def test_sources_are_the_raw_rows_of_both_sets(
    served: tuple[ModuleType, Path], drawn: tuple[Files, Files]
) -> None:
    model, folder = served
    sources = model.sources(folder)
    assert list(sources) == ["train", "held-out"]
    assert np.array_equal(sources["train"], task.read_idx(drawn[0][task.TRAINING_FILES[0]]).reshape(-1, 784))
    assert np.array_equal(
        sources["held-out"], task.read_idx(drawn[0][task.TRAINING_FILES[2]]).reshape(-1, 784)
    )


def test_raw_tensors_are_both_sets_as_their_files_have_them(
    served: tuple[ModuleType, Path], drawn: tuple[Files, Files]
) -> None:
    model, folder = served
    named = model.tensors(folder)
    assert list(named) == ["train", "held-out"]
    tensors = [tensor for group in named.values() for tensor in group]
    assert [tensor.dtype for tensor in tensors] == [torch.uint8, torch.int64] * 2
    for tensor, name in zip(tensors, task.TRAINING_FILES, strict=True):
        assert np.array_equal(tensor.numpy(), task.read_idx(drawn[0][name]))


def test_mnist_as_it_was_served_is_known_by_its_name(served: tuple[ModuleType, Path]) -> None:
    from torchvision.datasets import MNIST
    from torchvision.transforms import ToTensor

    model, folder = served
    assert model.known(MNIST("data", train=True)) == "train"
    assert model.known(MNIST("elsewhere", train=False, transform=ToTensor())) == "held-out"
    for name in ("train", "held-out"):
        assert model.known(model.dataset(folder, name, None)) == name
    with pytest.raises(KeyError):
        model.dataset(folder, "hidden", None)


@pytest.mark.parametrize(
    "change",
    [
        "data.data[0, 0, 0] += 1",
        "data.targets[5] = (data.targets[5] + 1) % 10",
        "data.data = data.data[:-1]",
        "data.data = data.data.flip(0)",
        "data.data = data.data.float()",
        "data.targets = torch.zeros_like(data.targets)",
        "data.data = other.data",
    ],
)
def test_a_changed_one_is_not_known(served: tuple[ModuleType, Path], change: str) -> None:
    from torchvision.datasets import MNIST

    model, _ = served
    data, other = MNIST("data", train=True), MNIST("data", train=False)
    exec(change, {"torch": torch, "data": data, "other": other})
    assert model.known(data) is None
    assert model.known(MNIST("data", train=True)) == "train"


def test_other_data_sets_are_not_known(served: tuple[ModuleType, Path]) -> None:
    from torch.utils.data import Subset, TensorDataset
    from torchvision.datasets import MNIST

    model, _ = served
    mnist = MNIST("data", train=True)
    own = type("MNIST", (MNIST,), {})("data", train=True)
    for other in (own, Subset(mnist, range(6000)), TensorDataset(mnist.data, mnist.targets), None, [mnist]):
        assert model.known(other) is None


def test_the_data_set_of_a_name_is_read_through_the_transform(served: tuple[ModuleType, Path]) -> None:
    from torchvision.transforms import ToTensor

    model, folder = served
    raw, labels = model.tensors(folder)["held-out"]
    image, label = model.dataset(folder, "held-out", ToTensor())[7]
    assert torch.equal(image[0], raw[7] / 255)
    assert label == int(labels[7])


def test_the_solution_reads_over_91_percent_of_hidden_digits(
    served: tuple[ModuleType, Path], drawn: tuple[Files, Files]
) -> None:
    torch.manual_seed(1)
    names = runpy.run_path(str(load_exercise(SLUG).reference / "solution.py"), run_name="__main__")
    weights = [parameter.detach().numpy() for parameter in names["model"].parameters()]
    numbers, samples = task.evaluate(weights, drawn[1], 1.0, 0.0)
    assert samples == 5_000
    assert numbers["accuracy"] >= 0.915


def test_the_starter_runs_and_does_not_reach_the_threshold(
    served: tuple[ModuleType, Path], drawn: tuple[Files, Files]
) -> None:
    names = runpy.run_path(str(load_exercise(SLUG).folder / "starter.py"), run_name="__main__")
    weights = [parameter.detach().numpy() for parameter in names["model"].parameters()]
    assert task.evaluate(weights, drawn[1], 1.0, 0.0)[0]["accuracy"] < 0.5


# ── calibration ──────────────────────────────────────────────────────────────────────────────────


def test_calibration_holds_on_a_challenge_and_a_broken_bar_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert calibrate.main(["--exercise", SLUG, "--challenges", "1"]) == 0
    assert "BROKEN" not in capsys.readouterr().out
    impossible = (calibrate.Loop("hopeless", rate=0.0, least=0.915),)
    monkeypatch.setattr(calibrate, "DIGIT_LOOPS", impossible)
    assert calibrate.main(["--exercise", SLUG, "--challenges", "1"]) == 1
    assert "BROKEN" in capsys.readouterr().out


# ── the reference files ──────────────────────────────────────────────────────────────────────────


class Plain(ast.NodeTransformer):
    """Takes from a tree what renaming and retyping change: the file's own names, constants, docstrings."""

    def __init__(self, own: set[str]) -> None:
        self._names = dict.fromkeys(own, "")

    def _rename(self, name: str) -> str:
        if name in self._names and not self._names[name]:
            self._names[name] = f"name{sum(map(bool, self._names.values()))}"
        return self._names.get(name, name)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self._rename(node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.arg = self._rename(node.arg)
        return self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.name = self._rename(node.name)
        return self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.name = self._rename(node.name)
        return self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        node.value = type(node.value).__name__
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        alone = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return None if alone else self.generic_visit(node)


def normalised(source: str) -> str:
    """A file's syntax tree as text, the same for files that differ only in names, constants and comments."""
    tree = ast.parse(source)
    own = {
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    own |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    own |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    return ast.dump(Plain(own).visit(tree))


def reference(kind: str) -> list[Path]:
    """The files of `variants` or `bugs`, sorted."""
    return sorted((load_exercise(SLUG).reference / kind).glob("*.py"))


def expected(path: Path) -> str:
    """The slug in a bug file's first line."""
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# expect: "), path.name
    return first.removeprefix("# expect: ")


def test_normalising_forgets_names_and_constants_but_not_structure() -> None:
    assert normalised("a = 1\nprint(a)") == normalised('"""Doc."""\nb = 20  # why\nprint(b)')
    assert normalised("a = 1\nprint(a)") != normalised("a = 1\nprint(a, a)")
    assert normalised("a.step()") != normalised("a.zero_grad()")


def test_all_references_parse_but_the_one_that_must_not() -> None:
    for path in (*reference("variants"), *reference("bugs")):
        source = path.read_text(encoding="utf-8")
        if path.parent.name == "bugs" and expected(path) == "syntax-error":
            with pytest.raises(SyntaxError):
                ast.parse(source)
        else:
            ast.parse(source)
    assert len(reference("variants")) >= 7


@pytest.mark.parametrize("kind", ["variants", "bugs"])
def test_no_two_references_are_the_same_program(kind: str) -> None:
    seen: dict[str, str] = {}
    for path in reference(kind):
        if kind == "bugs" and expected(path) == "syntax-error":
            continue
        same = seen.setdefault(normalised(path.read_text(encoding="utf-8")), path.name)
        assert same == path.name, f"{same} and {path.name} are the same program"


def test_every_finding_that_applies_has_a_bug_file_and_no_other_is_expected() -> None:
    exercise = load_exercise(SLUG)
    rubric = {slug for requirement in exercise.requirement for slug in requirement.findings}
    assert {expected(path) for path in reference("bugs")} == rubric | set(exercise.notes) | OUTSIDE_THE_RUBRIC
