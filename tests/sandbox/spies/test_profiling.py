"""Labels for profilers are left out only where nobody could see them."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from sandbox.spies import profiling
from tests.sandbox.watching import watch

LOOP = """
    for xb, yb in DataLoader(data, batch_size=8):
        optimizer.zero_grad()
        criterion(model(xb), yb).backward()
        optimizer.step()
"""
NAMES = {"enumerate(DataLoader)#_SingleProcessDataLoaderIter.__next__", "Optimizer.step#SGD.step"}


class Heard(TorchDispatchMode):
    """Lists the operations it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.names.append(str(func))
        return func(*args, **(kwargs or {}))


@pytest.fixture
def _cheap() -> Any:
    undo = profiling.install()
    yield
    undo()


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the labels that torch was asked for."""
    names: list[str] = []
    enter = torch.autograd.profiler.record_function.__enter__

    def noted(label: Any) -> Any:
        names.append(label.name)
        return enter(label)

    monkeypatch.setattr(torch.autograd.profiler.record_function, "__enter__", noted)
    return names


def test_a_watched_loop_makes_no_labels(made: list[str]) -> None:
    watch(LOOP)
    assert made == []


def test_a_profiler_sees_the_labels_of_a_watched_loop() -> None:
    profiled = "    with torch.profiler.profile() as profile:\n"
    loop = profiled + "".join(f"    {line}\n" for line in LOOP.strip("\n").splitlines())
    events = {event.key for event in watch(loop).names["profile"].key_averages()}
    assert events >= NAMES


@pytest.mark.usefixtures("_cheap")
def test_a_mode_is_asked_for_the_labels() -> None:
    with Heard() as heard, torch.autograd.profiler.record_function("here"):
        pass
    assert any("_record_function_enter_new" in name for name in heard.names)
    assert any("_record_function_exit" in name for name in heard.names)


@pytest.mark.usefixtures("_cheap")
def test_a_label_still_decorates_a_function() -> None:
    @torch.autograd.profiler.record_function("square")
    def square(number: int) -> int:
        return number * number

    assert square(3) == 9
    with torch.profiler.profile() as profile:
        assert square(4) == 16
    assert "square" in {event.key for event in profile.key_averages()}


@pytest.mark.usefixtures("_cheap")
def test_what_is_raised_inside_a_label_comes_out() -> None:
    with pytest.raises(ZeroDivisionError), torch.autograd.profiler.record_function("here"):
        1 / 0  # noqa: B018


@pytest.mark.usefixtures("_cheap")
def test_labels_are_of_the_class_that_torch_makes() -> None:
    assert isinstance(torch.autograd.profiler.record_function("here"), torch.profiler.record_function)
