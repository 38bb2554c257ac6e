"""Bar: a trace of a million steps stays under 1 MiB, and what the spies hold does not grow with the steps."""

from __future__ import annotations

import sys
from typing import Any

import torch

from sandbox import trace
from sandbox.spies.data import DataSpy, PassState
from sandbox.spies.feed import Draw
from sandbox.spies.recorder import Recorder

EPOCH = 100  # steps
ONCE = torch.ones(4, 1)


def run(steps: int) -> tuple[int, int]:
    """Bytes of the trace and bytes that recorder and loader spy hold, after a run of this many steps.

    What the spies are told is what a plain loop tells them, without the loop.
    """
    written = 0

    def send(data: bytes) -> None:
        nonlocal written
        written += len(data)

    recorder = Recorder(trace.Writer(send), "loop.py")
    spy = DataSpy(recorder)
    model = torch.nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    info, used = recorder.registry.module(model), recorder.registry.optimizer(optimizer)
    assert info is not None
    for step in range(steps):
        if step % EPOCH == 0:
            current = one_pass(recorder, spy)
            recorder.ledger.epoch_ends_soon()
        one_step(recorder, current, used.params, float(step % 7))
    spy.close()
    recorder.close()
    recorder.writer.write(recorder.end(finished=True, moved=True), closing=True)
    recorder.writer.flush()
    return written, held(recorder, {id(recorder)}) + held(spy, {id(recorder)})


def one_pass(recorder: Recorder, spy: DataSpy) -> PassState:
    """A new pass over the loader; its iterator is forgotten at once."""

    class Iterator:
        pass

    iterator = Iterator()
    state = spy._state(iterator)
    recorder.passes += 1
    return state


def one_step(recorder: Recorder, state: PassState, params: list[int], loss: float) -> None:
    """What the spies report of one step."""
    state.yielded(4)
    recorder.beat("D")
    recorder.feed.drawn(Draw(ONCE.data_ptr(), 4, state.used))
    recorder.beat("Z")
    recorder.feed.used.cleared()
    recorder.beat("F")
    recorder.feed.forward(ONCE, 0)
    recorder.beat("L")
    recorder.beat("B")
    recorder.feed.backward(None, loss)
    recorder.losses.add(loss, 0)
    recorder.beat("S")
    recorder.ledger.row("S", 7)
    recorder.stepped(params)


def held(value: Any, seen: set[int]) -> int:
    """Bytes of an object and of all that hangs on it, as far as it is ours or plain data."""
    if isinstance(value, (type, torch.Tensor)) or callable(value):
        return 0
    size = sys.getsizeof(value)
    inner: list[Any] = []
    if isinstance(value, dict):
        inner = [*value, *value.values()]
    elif hasattr(value, "__iter__") and not isinstance(value, (str, bytes, bytearray)):
        inner = list(value)
    elif type(value).__module__.startswith("sandbox"):
        names = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
        inner = [getattr(value, name, None) for name in names if name != "__weakref__"]
        inner += list(getattr(value, "__dict__", {}).values())
    fresh = [item for item in inner if id(item) not in seen]
    seen.update(map(id, fresh))
    return size + sum(held(item, seen) for item in fresh)


def test_a_million_steps_leave_a_small_trace_and_hold_no_more_than_a_hundred_thousand() -> None:
    (_, before), (written, after) = run(100_000), run(1_000_000)
    assert written < 1 << 20
    assert after < before + 8192  # counters have grown by a digit


def test_the_measure_would_notice_one_number_a_step() -> None:
    recorder = Recorder(trace.Writer(lambda data: None), "loop.py")
    before = held(recorder, {id(recorder)})
    recorder.losses._thinned += [[float(step), 0.0] for step in range(1000)]
    assert held(recorder, {id(recorder)}) > before + 8000
