"""The student's file, as an exercise's model.drive uses it: call its functions, record what they gave.

    def drive(student: Student, given: dict[str, object]) -> None:
        for case in given["cases"]:
            student.call("gradients", *case, case="w = 2")
        student.run(given["model"], …)

`call` records an Answer that the examiner's task.judge sees.  Whatever the student's code raises goes
through and ends the run.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np

from sandbox import answers, results, trace
from sandbox.spies.recorder import Recorder


class BadSignatureError(Exception):
    """The file lacks a function or it cannot be called as the exercise says; `stop` tells how."""

    def __init__(self, message: str, kind: str = "", line: int = 0) -> None:
        super().__init__(message)
        self.stop = trace.Stop(
            slug="wrong-signature", type=kind, message=message, frames=[line] if line else []
        )


class Student:
    """What the student's file defines.  `main` is the function whose return value counts as the run's own."""

    def __init__(self, namespace: Mapping[str, Any], recorder: Recorder, main: str) -> None:
        self._namespace = namespace
        self._recorder = recorder
        self._main = main

    def require(self, names: list[str]) -> None:
        """Raise BadSignatureError unless all of these are there and can be called."""
        for name in names:
            found = self._namespace.get(name)
            if not callable(found):
                what = f"is a {type(found).__name__}, not a function" if found is not None else "is missing"
                raise BadSignatureError(f"`{name}` {what}")
            self._recorder.write(trace.Function(name=name, line=line_of(found)))

    def get(self, name: str) -> Any:
        """What the file defines under a name (a class, say).  Raises BadSignatureError."""
        self.require([name])
        return self._namespace[name]

    def call(
        self,
        name: str,
        *arguments: Any,
        names: tuple[str, ...] = (),
        case: str = "",
        record: bool = True,
        generator: bool = False,
        notes: dict[str, list[int]] | None = None,
    ) -> Any:
        """Call a function with positional arguments, record what it gave (unless told not to), and return that.

        `names` are the arguments' names, for messages.  Arrays, tensors and lists among the arguments are
        compared before and after.  `generator` allows a generator to come back (it is not recorded).
        `notes` may be filled in by what the arguments record while the function runs.
        """
        function = self._namespace.get(name)
        if not callable(function):
            self.require([name])
        labels = names or tuple(f"argument {index + 1}" for index in range(len(arguments)))
        _bind(name, function, arguments, names)
        before = [_frozen(argument) for argument in arguments] if record else []
        value = function(*arguments)  # type: ignore[misc]
        lazy = inspect.isgenerator(value) and not generator
        if inspect.iscoroutine(value):
            value.close()  # or Python complains that nobody awaited it
        if inspect.iscoroutine(value) or inspect.isasyncgen(value) or lazy:
            message = f"`{name}` returns a {type(value).__name__}: calling it does not run its body"
            raise BadSignatureError(message, line=line_of(function))
        if record:
            changed = [
                label
                for label, argument, old in zip(labels, arguments, before, strict=False)
                if old is not None and not _same(old, _frozen(argument))
            ]
            self.record(name, value, case=case, mutated=changed, notes=notes)
        if name == self._main:
            self._recorder.write(results.returned(value))
        return value

    def record(
        self,
        name: str,
        value: Any,
        *,
        case: str = "",
        mutated: list[str] | None = None,
        notes: dict[str, list[int]] | None = None,
    ) -> None:
        """Record a value about one of the functions (or classes)."""
        plain = {key: [int(number) for number in numbers] for key, numbers in (notes or {}).items()}
        answer = trace.Answer(
            function=name, case=case, value=answers.plain(value), mutated=mutated or [], notes=plain
        )
        self._recorder.write(answer)


def line_of(function: Any) -> int:
    """The line where a function or class is defined; 0 when it has none."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    if code is None and isinstance(function, type):
        code = getattr(vars(function).get("__init__"), "__code__", None)
    return int(getattr(code, "co_firstlineno", 0))


def _bind(name: str, function: Any, arguments: tuple[Any, ...], names: tuple[str, ...]) -> None:
    """Raise BadSignatureError where the function does not take these arguments."""
    try:
        inspect.signature(function).bind(*arguments)
    except TypeError as error:
        given = ", ".join(names) if names else f"{len(arguments)} arguments"
        message = f"`{name}` cannot be called with ({given}): {error}"
        raise BadSignatureError(message, "TypeError", line_of(function)) from None
    except ValueError:  # no signature to be had (a builtin): calling it will tell
        pass


def _frozen(value: Any) -> Any:
    """A copy of an argument's numbers to compare with later; None for what is not compared."""
    if isinstance(value, (list, tuple)) and len(value) <= answers.MAX_ITEMS:
        return answers.plain(value)
    return answers.as_array(value)


def _same(old: Any, new: Any) -> bool:
    if isinstance(old, np.ndarray) and isinstance(new, np.ndarray):
        return old.shape == new.shape and bool(np.array_equal(old, new, equal_nan=old.dtype.kind == "f"))
    return bool(old == new)
