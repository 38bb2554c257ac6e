"""Run a small loop under the spies in this process, and read back what they wrote."""

from __future__ import annotations

import contextlib
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch

from sandbox import trace
from sandbox.results import Results
from sandbox.spies import install
from sandbox.spies.making import Making
from sandbox.spies.recorder import Recorder
from sandbox.spies.silent import SilentScript
from sandbox.spies.sources import SourceSpy
from sandbox.spies.tracing import Tracer

FILENAME = "loop.py"
Kind = TypeVar("Kind", bound=trace.Record)

LINE_OF_POINTS = """\
    import torch
    from torch import nn
    from torch.utils.data import DataLoader, TensorDataset
    x = torch.linspace(-1, 1, 24).unsqueeze(1)
    data = TensorDataset(x, 3 * x - 1)
    model, criterion = nn.Linear(1, 1), nn.MSELoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
"""
"""What most loops here begin with: 24 points on a line."""


@dataclass(frozen=True)
class Script:
    """What a snippet is watched with that is a script, and makes its own model: the exercise's own data.

    `known` names one of its data sets, or None; `tensors` are its raw data.
    """

    known: Callable[[Any], str | None] = lambda _: None
    tensors: Sequence[torch.Tensor] = ()


@dataclass(frozen=True)
class Seen:
    """The records of one run, and the names its file left."""

    records: tuple[trace.Record, ...]
    names: dict[str, Any]

    def of(self, kind: type[Kind]) -> list[Kind]:
        """All records of a kind, in order."""
        return [record for record in self.records if isinstance(record, kind)]

    def one(self, kind: type[Kind]) -> Kind:
        """The only record of a kind."""
        (record,) = self.of(kind)
        return record

    def rows(self, beats: str) -> list[trace.Row]:
        """The ledger's rows of some beats."""
        return [row for row in self.of(trace.Row) if row.beat in beats]

    @property
    def counts(self) -> dict[str, int]:
        """How often each beat happened."""
        return self.one(trace.End).counts


def watch(
    loop: str,
    *,
    setup: str = LINE_OF_POINTS,
    sources: dict[str, np.ndarray[Any, Any]] | None = None,
    shapes: list[list[int]] | None = None,
    script: Script | None = None,
    traced: bool = False,
    silent: bool = False,
    **names: Any,
) -> Seen:
    """Run `setup` and then `loop` as one file under all spies; the spies are off again afterwards.

    As a `script`, what the file makes itself is told; `traced`: every operation of torch; `silent`: none.
    """
    sent: list[bytes] = []
    recorder = Recorder(trace.Writer(sent.append), FILENAME)
    if silent:
        recorder.script = SilentScript(recorder)
    recorder.write(trace.Header(version=trace.VERSION, torch=torch.__version__, threads=1, entry="script"))
    spies = install(recorder)
    try:
        source = None
        if sources is not None:
            source = SourceSpy(recorder, sources, shapes or [])
            spies.watchers.append(source.watch)
        results = Results(recorder, shapes or [[1, 1], [1]], None, source)
        spies.watchers.append(results.watch)
        if script is not None:
            recorder.making = Making(recorder, script.known, script.tensors)
        recorder.registry.given = False
        code = textwrap.dedent(setup) + textwrap.dedent(loop)
        with Tracer(recorder) if traced else contextlib.nullcontext():
            exec(compile(code, FILENAME, "exec"), names)
    finally:
        spies.remove()
    spies.close()
    _, moved = results.finish(names)
    recorder.writer.write(recorder.end(finished=True, moved=moved), closing=True)
    recorder.writer.flush()
    return Seen(trace.read(b"".join(sent)), names)


def line_of(text: str, loop: str, setup: str = LINE_OF_POINTS) -> int:
    """The number of the only line of a file, made as `watch` makes it, that holds `text`."""
    lines = (textwrap.dedent(setup) + textwrap.dedent(loop)).splitlines()
    (number,) = [number for number, line in enumerate(lines, 1) if text in line]
    return number


def expand(items: list[Any]) -> list[int]:
    """The sequence of pattern numbers behind an Order's items."""
    whole: list[int] = []
    for what, times in items:
        whole += (expand(what) if isinstance(what, list) else [what]) * times
    return whole
