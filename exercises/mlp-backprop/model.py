"""What mlp-backprop hands to the student's functions, and how they are called: runs in the sandbox."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sandbox.student import Student

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def make(data: Path, seeds: dict[str, int], parameters: dict[str, Any]) -> dict[str, Any]:
    """The arguments of `train(params, x, y, epochs, batch_size, lr, rng)`, and the cases of the others."""
    with np.load(io.BytesIO((data / "cases.npz").read_bytes()), allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    return {
        "params": _params(arrays, "train"),
        "x": arrays["x"],
        "y": arrays["y"],
        "epochs": parameters["epochs"],
        "batch_size": parameters["batch_size"],
        "lr": parameters["lr"],
        "rng": RecordingGenerator(seeds["order"], len(arrays["x"])),
        "arrays": arrays,
        "seed": seeds["init"],
    }


def drive(student: Student, given: dict[str, Any]) -> None:
    """Call each function for itself: what one gets wrong is not held against the next."""
    arrays, seed = given["arrays"], given["seed"]
    sizes = [int(size) for size in arrays["sizes"]]
    for case, shift in (("first", 0), ("again", 0), ("other", 1)):
        rng = np.random.default_rng([seed, shift])
        student.call("init", list(sizes), rng, names=("sizes", "rng"), case=case)
    sound = True
    for case in ("a", "b", "large"):
        x = arrays[f"{case}.x"].copy()
        value = student.call("forward", _params(arrays, case), x, names=("params", "x"), case=case)
        sound = sound and (case == "large" or _shape(value) == _shape(_activations(arrays, case)))
    for case in ("a", "b"):
        arguments = (_params(arrays, case), _activations(arrays, case), arrays[f"{case}.y"].copy())
        value = student.call("backward", *arguments, names=("params", "activations", "y"), case=case)
        sound = sound and _shape(value) == _shape(_params(arrays, case))
    names = ("params", "x", "y", "epochs", "batch_size", "lr", "rng")
    notes = given["rng"].notes
    try:
        student.call("train", *(given[name] for name in names), names=names, case="train", notes=notes)
    except Exception:
        if sound:
            raise  # else it failed over what the others give, and the examiner tells that


def _shape(value: Any) -> Any:
    """The shapes of arrays in lists; a row vector counts as a vector."""
    if isinstance(value, (list, tuple)):
        return [_shape(item) for item in value]
    shape = np.shape(value)
    return shape[1:] if len(shape) == 2 and shape[0] == 1 else shape


def _params(arrays: dict[str, npt.NDArray[Any]], case: str) -> list[tuple[Floats, Floats]]:
    """A network's parameters as fresh arrays."""
    layers = sum(name.startswith(f"{case}.W") for name in arrays)
    return [(arrays[f"{case}.W{k}"].copy(), arrays[f"{case}.b{k}"].copy()) for k in range(layers)]


def _activations(arrays: dict[str, npt.NDArray[Any]], case: str) -> list[Floats]:
    layers = sum(name.startswith(f"{case}.A") for name in arrays)
    return [arrays[f"{case}.A{k}"].copy() for k in range(layers)]


class RecordingGenerator(np.random.Generator):
    """A generator that notes every order of `rows` things it draws, and every draw of row numbers.

    `notes["orders"]` holds whole permutations, one after the other; `notes["draws"]` row numbers that were
    drawn otherwise; `notes["used"]` is [1] once anything was asked of it.
    """

    def __init__(self, seed: int, rows: int) -> None:
        super().__init__(np.random.PCG64(seed))
        self._rows = rows
        self._inside = False  # numpy's permutation calls shuffle
        self.notes: dict[str, list[int]] = {"orders": [], "draws": [], "used": []}

    def permutation(self, x: Any, axis: int = 0) -> Any:
        """As numpy's."""
        order = self._order_of(x if isinstance(x, (int, np.integer)) else len(x))
        self._inside = True
        try:
            result = super().permutation(x, axis=axis)
        finally:
            self._inside = False
        self._note(result, order)
        return result

    def shuffle(self, x: Any, axis: int = 0) -> None:
        """As numpy's."""
        order = None if self._inside else self._order_of(len(x))
        super().shuffle(x, axis=axis)
        if not self._inside:
            self._note(x, order)

    def permuted(self, x: Any, **more: Any) -> Any:
        """As numpy's."""
        result = super().permuted(x, **more)
        self._note(result, None)
        return result

    def random(self, *args: Any, **more: Any) -> Any:
        """As numpy's; sorting such numbers gives an order, too."""
        result = super().random(*args, **more)
        if np.shape(result) == (self._rows,):
            self._keep([int(index) for index in np.argsort(result, kind="stable")])
        return result

    def choice(self, *args: Any, **more: Any) -> Any:
        """As numpy's."""
        return self._drawn(super().choice(*args, **more))

    def integers(self, *args: Any, **more: Any) -> Any:
        """As numpy's."""
        return self._drawn(super().integers(*args, **more))

    def _drawn(self, result: Any) -> Any:
        if not self._note(result, None) and np.asarray(result).dtype.kind in "iu":
            self.notes["used"] = [1]
            room = 20_000 - len(self.notes["draws"])
            self.notes["draws"] += [int(index) for index in np.ravel(result)[:room]]
        return result

    def _order_of(self, count: int) -> Ints | None:
        """The order that the next shuffle of all rows will give, found on a copy of the generator."""
        if count != self._rows:
            return None
        copy = np.random.Generator(np.random.PCG64())
        copy.bit_generator.state = self.bit_generator.state
        order = np.arange(count)
        copy.shuffle(order)
        return order

    def _note(self, result: Any, order: Ints | None) -> bool:
        """Note a result that is an order itself, else the order that its rows were put into."""
        try:
            numbers = np.asarray(result)
        except ValueError:
            numbers = np.empty(0)
        whole = numbers.dtype.kind in "iu" and numbers.shape == (self._rows,)
        if whole and np.array_equal(np.sort(numbers), np.arange(self._rows)):
            self._keep([int(index) for index in numbers])
        elif order is not None:
            self._keep([int(index) for index in order])
        else:
            return False
        return True

    def _keep(self, order: list[int]) -> None:
        self.notes["used"] = [1]
        if len(self.notes["orders"]) < 20_000:
            self.notes["orders"] += order
