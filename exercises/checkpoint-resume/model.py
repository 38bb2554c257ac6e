"""What checkpoint-resume hands to the student's function, and how runs of it are killed and run again.

The first run goes through and is what the spies watch.  Then the function is run in processes of their
own, each killed at a moment of the challenge, and run again with the file that the killed run left.  All that
tells what goes wrong, but it is told by the process that the student's code runs in.  What proves that nothing
goes wrong are legs (`leg`): jobs of their own, which learn the order of their samples batch by batch.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.utils.data import DataLoader, Sampler, TensorDataset

from sandbox import interrupt
from sandbox.asking import Ask
from sandbox.student import Student

INPUTS, HIDDEN, CLASSES = 8, 16, 3
RATE, MOMENTUM, GAMMA = 0.1, 0.9, 0.6
Point = tuple[torch.Tensor, ...]


def order(size: int, seed: int, epoch: int) -> list[int]:
    """The samples of an epoch in their order; one epoch's says nothing of another's."""
    digest = hashlib.sha256(f"{seed} {epoch}".encode()).digest()
    generator = torch.Generator().manual_seed(int.from_bytes(digest[:8]) >> 1)
    samples: list[int] = torch.randperm(size, generator=generator).tolist()
    return samples


class EpochSampler(Sampler[int]):
    """An order of the samples that depends on the epoch alone; `told` gives that of a batch where it is not known."""

    def __init__(self, size: int, seed: int) -> None:
        self.size, self.seed, self.epoch = size, seed, 0
        self.told: Callable[[int], Iterator[int]] | None = None

    def __iter__(self) -> Iterator[int]:
        return iter(order(self.size, self.seed, self.epoch)) if self.told is None else self.told(self.epoch)

    def __len__(self) -> int:
        return self.size


class EpochLoader(DataLoader[Point]):
    """A DataLoader with `set_epoch`, as distributed samplers have it; `on_pass` hears of every pass."""

    def __init__(self, points: TensorDataset, batch_size: int, seed: int) -> None:
        self.order = EpochSampler(len(points), seed)
        self.on_pass: Callable[[int], None] = lambda epoch: None
        super().__init__(points, batch_size=batch_size, sampler=self.order)

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of the next passes."""
        self.order.epoch = int(epoch)

    def __iter__(self) -> Any:
        self.on_pass(self.order.epoch)
        return super().__iter__()


def make(data: Path, seeds: dict[str, int], parameters: dict[str, Any]) -> dict[str, object]:
    """The arguments of `train(model, loader, criterion, optimizer, scheduler, epochs, path)`."""
    generator = torch.Generator().manual_seed(seeds["init"])
    layers = [nn.utils.skip_init(nn.Linear, *size) for size in ((INPUTS, HIDDEN), (HIDDEN, CLASSES))]
    model = nn.Sequential(layers[0], nn.Tanh(), layers[1])
    with torch.no_grad():
        for layer in layers:
            for parameter in layer.parameters():
                parameter.uniform_(-0.3, 0.3, generator=generator)
    points = TensorDataset(torch.from_numpy(_load(data, "x")), torch.from_numpy(_load(data, "y")))
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE, momentum=MOMENTUM)
    return {
        "model": model,
        "loader": EpochLoader(points, parameters["batch_size"], seeds["order"]),
        "criterion": nn.CrossEntropyLoss(),
        "optimizer": optimizer,
        "scheduler": torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=GAMMA),
        "epochs": parameters["epochs"],
        "path": str(Path("whole").resolve() / "checkpoint.pt"),
        "again": (data, seeds, parameters),
    }


def drive(student: Student, given: dict[str, Any]) -> None:
    """One run that goes through, then a killed and a resumed run for every moment."""
    data, seeds, parameters = given.pop("again")
    Path(given["path"]).parent.mkdir()
    whole = Watched(given)
    student.call("train", *given.values(), names=tuple(given), record=False)
    left = _flat(given["model"])
    for moment in ("between epochs", "inside an epoch", "inside a save", "after the last epoch"):
        folder = Path(moment.replace(" ", "-")).resolve()
        folder.mkdir()

        def fresh(shift: int, folder: Path = folder) -> dict[str, Any]:
            made = make(data, {**seeds, "init": (seeds["init"] + shift) % (1 << 62)}, parameters)
            del made["again"]
            return {**made, "path": str(folder / "checkpoint.pt")}

        facts = _interrupted(student, fresh, moment, parameters, folder, whole, left)
        student.record("train", facts, case=moment)


def orders(seed: int, parameters: dict[str, Any]) -> list[list[list[int]]]:
    """For every epoch the samples of every batch: what the legs of a run ask for."""
    size, batch = parameters["samples"], parameters["batch_size"]
    epochs = [order(size, seed, epoch) for epoch in range(parameters["epochs"])]
    return [[samples[start : start + batch] for start in range(0, size, batch)] for samples in epochs]


def leg(student: Student, given: dict[str, Any], ask: Ask) -> None:
    """One leg of a run: it goes on with what it finds at `path`, asks for each batch, and may be killed instead."""
    _, _, parameters = given.pop("again")
    batches = range(0, parameters["samples"], parameters["batch_size"])

    def told(epoch: int) -> Iterator[int]:
        for number in range(len(batches)):
            yield from ask([epoch, number])

    given["loader"].order.told = told
    folder = Path(given["path"]).parent
    folder.mkdir(exist_ok=True)
    os.chdir(folder)
    student.call("train", *given.values(), names=tuple(given), record=False)


class Watched:
    """What the arguments are at the start of every pass: weights, optimizer, scheduler, each as a digest."""

    def __init__(self, given: dict[str, Any]) -> None:
        self._given = given
        self.first: dict[str, str] = self.state()
        self.epochs: list[int] = []
        self.at: list[dict[str, str]] = []
        given["loader"].on_pass = self._passing

    def _passing(self, epoch: int) -> None:
        self.epochs.append(epoch)
        self.at.append(self.state())

    def state(self) -> dict[str, str]:
        """Digests of what a checkpoint has to hold."""
        given = self._given
        optimizer = given["optimizer"].state_dict()
        moments = [value for _, state in sorted(optimizer["state"].items()) for value in state.values()]
        return {
            "model": _digest(list(given["model"].state_dict().values())),
            "optimizer": _digest([value for value in moments if isinstance(value, torch.Tensor)]),
            "scheduler": f"{given['scheduler'].last_epoch} {optimizer['param_groups'][0]['lr']:.12g}",
        }


def _interrupted(
    student: Student,
    fresh: Callable[[int], dict[str, Any]],
    moment: str,
    parameters: dict[str, Any],
    folder: Path,
    whole: Watched,
    left: torch.Tensor,
) -> dict[str, Any]:
    """Kill a run at a moment, run it again, and say how the second went."""
    checkpoint = folder / "checkpoint.pt"
    kept = folder / "as-it-was"
    killed = interrupt.in_fork(lambda: _first_run(student, fresh(0), moment, parameters, kept), folder)
    facts: dict[str, Any] = {
        "killed": killed is None or moment == "after the last epoch",
        "error": (killed or {}).get("error", ""),
        "there": checkpoint.is_file(),
        "spoilt": kept.is_file()
        and not (checkpoint.is_file() and checkpoint.read_bytes() == kept.read_bytes()),
    }
    if not facts["killed"] or facts["error"]:
        return facts
    resumed = interrupt.in_fork(lambda: _second_run(student, fresh(1)), folder) or {"error": "it was killed"}
    return facts | _compared(resumed, whole, left)


def _first_run(
    student: Student, given: dict[str, Any], moment: str, parameters: dict[str, Any], kept: Path
) -> dict[str, Any]:
    """The run that is killed: at the start of an epoch, after some batches of it, or inside a save."""
    train, loader = student.get("train"), given["loader"]
    kill_epoch, kill_batch = parameters["kill_epoch"], parameters["kill_batch"]
    steps = 0

    def passing(epoch: int) -> None:
        if moment == "between epochs" and epoch == kill_epoch:
            interrupt.end_now()

    def stepped(*_: object) -> None:
        nonlocal steps
        steps += 1
        if moment == "inside an epoch" and steps == kill_epoch * len(loader) + kill_batch:
            interrupt.end_now()

    def saving() -> None:
        path = Path(given["path"])
        if path.is_file():
            kept.write_bytes(path.read_bytes())

    loader.on_pass = passing
    given["optimizer"].register_step_post_hook(stepped)
    number = kill_epoch if moment == "inside a save" else 0
    with interrupt.cut_short(number, saving):
        train(*given.values())
    return {"finished": True}


def _second_run(student: Student, given: dict[str, Any]) -> dict[str, Any]:
    """The run that continues: with other initial weights, which a checkpoint must replace."""
    watched = Watched(given)
    student.get("train")(*given.values())
    return {
        "fresh": watched.first,
        "epochs": watched.epochs[:64],
        "at": watched.at[:1],
        "weights": _flat(given["model"]).tolist(),
    }


def _compared(resumed: dict[str, Any], whole: Watched, left: torch.Tensor) -> dict[str, Any]:
    """A resumed run against the one that went through."""
    if "error" in resumed:
        return {"stopped": str(resumed["error"])}
    weights = torch.tensor(resumed["weights"], dtype=torch.float64)
    same_size = weights.shape == left.shape
    difference = float((weights - left).abs().max() / left.abs().max()) if same_size else float("inf")
    facts: dict[str, Any] = {"difference": difference, "epochs": resumed["epochs"]}
    if resumed["at"]:
        now, epoch = resumed["at"][0], resumed["epochs"][0]
        facts["fresh"] = [name for name, digest in now.items() if digest == resumed["fresh"][name]]
        facts["stands"] = {
            name: [
                epoch for epoch, state in zip(whole.epochs, whole.at, strict=True) if state[name] == digest
            ]
            for name, digest in now.items()
        }
        facts["begins"] = epoch
    return facts


def _flat(model: nn.Module) -> torch.Tensor:
    return torch.cat([value.detach().double().reshape(-1) for value in model.parameters()])


def _digest(tensors: list[torch.Tensor]) -> str:
    total = hashlib.sha256()
    for tensor in tensors:
        total.update(tensor.detach().double().contiguous().numpy().tobytes())
    return total.hexdigest()


def _load(data: Path, name: str) -> npt.NDArray[Any]:
    values: npt.NDArray[Any] = np.load(data / f"{name}.npy", allow_pickle=False)
    return values
