"""Run a small loop under the spies in this process, and read back what they wrote."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch

from sandbox import trace
from sandbox.results import Results
from sandbox.spies import install
from sandbox.spies.recorder import Recorder
from sandbox.spies.sources import SourceSpy

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
    **names: Any,
) -> Seen:
    """Run `setup` and then `loop` as one file under all spies; the spies are off again afterwards."""
    sent: list[bytes] = []
    recorder = Recorder(trace.Writer(sent.append), FILENAME)
    recorder.write(trace.Header(version=trace.VERSION, torch=torch.__version__, threads=1, entry="script"))
    spies = install(recorder)
    try:
        source = None
        if sources is not None:
            source = SourceSpy(recorder, sources, shapes or [])
            spies.watchers.append(source.watch)
        results = Results(recorder, shapes or [[1, 1], [1]], None, source)
        spies.watchers.append(results.watch)
        recorder.registry.given = False
        code = textwrap.dedent(setup) + textwrap.dedent(loop)
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
