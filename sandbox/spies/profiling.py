"""torch's labels for profilers, which cost something only while a profiler could show them.

torch puts a label around each draw from a loader, each `zero_grad` and each step, whether or not anybody looks: three
in a step of a plain loop, and several times what watching that step costs.  A label changes nothing that is computed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.autograd import profiler

_profiled = torch._C._autograd._profiler_enabled
_modes = torch._C._len_torch_function_stack
_dispatched = torch._C._len_torch_dispatch_stack


class Label(profiler.record_function):
    """A label that is not made where neither a profiler runs nor a mode of torch's listens.

    Named as the class that it stands in for, whoever asks for its name.
    """

    def __init__(self, name: str, args: str | None = None) -> None:
        self.name, self.args = name, args
        self._made = False

    def __enter__(self) -> Any:
        if _profiled() or _modes() or _dispatched():
            super().__init__(self.name, self.args)
            self._made = True
            return super().__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, *raised: Any) -> None:
        if self._made:
            super().__exit__(*raised)

    def _call_end_callbacks_on_future(self, fut: Any) -> Any:
        return super()._call_end_callbacks_on_future(fut) if self._made else fut


Label.__name__ = Label.__qualname__ = profiler.record_function.__name__


def install() -> Callable[[], None]:
    """Make labels cheap; returns what undoes it."""
    original = profiler.record_function
    profiler.record_function = Label  # type: ignore[misc]

    def uninstall() -> None:
        profiler.record_function = original  # type: ignore[misc]

    return uninstall
