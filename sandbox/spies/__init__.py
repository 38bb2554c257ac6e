"""The spies: what watches a training loop without touching it, one family of hooks a file.

`install` puts all of them in place and returns a `Spies`, which takes them off again and writes what
they kept.  Every spy reports to one `Recorder`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch.amp import GradScaler
from torch.utils.data import DataLoader

from sandbox.spies import autograd, module, optimizer, profiling, rng
from sandbox.spies.data import DataSpy
from sandbox.spies.loads import LoadSpy
from sandbox.spies.loss import LossSpy, SyncSpy
from sandbox.spies.making import Making
from sandbox.spies.module import Watcher
from sandbox.spies.recorder import Recorder
from sandbox.spies.scaling import ScalingSpy
from sandbox.spies.schedule import ScheduleSpy


class Spies:
    """Installed spies."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.watchers: list[Watcher] = []
        self._data, self._loss, self._sync = DataSpy(recorder), LossSpy(recorder), SyncSpy(recorder)
        self._schedule, self._scaling = ScheduleSpy(recorder), ScalingSpy(recorder)
        self._undo: list[Callable[[], None]] = [
            optimizer.install(recorder, self._schedule.rate),
            module.install(recorder, self.watchers),
            autograd.install(recorder),
            self._loss.install(),
            self._sync.install(),
            self._data.install(),
            self._schedule.install(),
            self._scaling.install(),
            LoadSpy(recorder).install(),
            rng.install(recorder),
            profiling.install(),
        ]

    def follow(self, making: Making) -> None:
        """Also listen to how a script reads the exercise's data."""
        self.recorder.making = making
        self._undo.append(making.reading.install())

    def made(self, arguments: dict[str, Any]) -> None:
        """Make the loaders and scalers known that the exercise made."""
        for argument in arguments.values():
            if isinstance(argument, DataLoader):
                self._data.loader(argument, 0)
            elif isinstance(argument, GradScaler):
                self._scaling.register(argument)

    def when_exhausted(self, loader: DataLoader[Any], callback: Callable[[int], None]) -> None:
        """Call back with a loader's number whenever a pass over it, or over another of its data, ends."""
        self._data.follow(loader, callback)

    def loader_at(self, number: int) -> DataLoader[Any] | None:
        """The loader of a number; None where there is none, or none any more."""
        loader: DataLoader[Any] | None = self._data.loader_at(number)
        return loader

    def loaders(self) -> list[DataLoader[Any]]:
        """All loaders that have a number and are still there."""
        loaders: list[DataLoader[Any]] = self._data.loaders()
        return loaders

    def scaler_at(self, number: int) -> GradScaler | None:
        """The scaler of a number; None where there is none, or none any more."""
        return self._scaling.scaler_at(number)

    def number_of_scaler(self, scaler: GradScaler) -> int:
        """The number of a scaler, which is given one where it is new; -1 where there are too many."""
        used = self._scaling.register(scaler)
        return -1 if used is None else used.number

    def number_of(self, loader: DataLoader[Any]) -> int:
        """The number of a loader, which is given one where it is new."""
        return self._data.loader(loader, self.recorder.line())

    def scheduler_at(self, number: int) -> Any:
        """The scheduler of a number; None where there is none, or none any more."""
        return self._schedule.scheduler_at(number)

    def remove(self) -> None:
        """Take every spy off again."""
        while self._undo:
            self._undo.pop()()

    def close(self) -> None:
        """Write what the spies and their recorder kept in memory."""
        self.recorder.steady.leave()
        self.recorder.feed.used.close()
        self._data.close()
        self._loss.close()
        self._sync.close()
        self._schedule.close()
        self._scaling.close()
        self.recorder.close()


def install(recorder: Recorder) -> Spies:
    """Put all spies in place."""
    return Spies(recorder)
