"""What a program works on: what the exercise made, and the loaders and optimizers that the program makes itself."""

from __future__ import annotations

import inspect
import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch.utils.data import DataLoader

from grader.examiner.origins import places
from grader.examiner.reading import Readings
from sandbox import transforms
from sandbox.spies import Spies

HELD_OUT = "held-out"  # what an exercise calls data that are not to be trained on
MAX_MADE = 64  # loaders that a program makes, and optimizers that it may use at a time
NEWEST = -2  # what the optimizer is called that was made last
OPTIMIZERS = (
    "SGD",
    "Adam",
    "AdamW",
    "NAdam",
    "RAdam",
    "Adamax",
    "Adagrad",
    "Adadelta",
    "RMSprop",
    "Rprop",
    "ASGD",
    "LBFGS",
)


class Cannot(Exception):  # noqa: N818 - it is no error of ours
    """The program says of an operation that it cannot be told, or has one that is not on the list."""


class Contradiction(Exception):  # noqa: N818
    """The program does what it cannot have done: it draws from a pass that is over, or uses what was never made."""


class TooLong(Exception):  # noqa: N818
    """The program took longer than it may."""


class _Own(torch.optim.Optimizer):
    """An optimizer of the student's own kind: its step is what the program says."""

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Do what the student's did."""
        return None if closure is None else closure()


class Things:
    """Modules, optimizers, loaders and schedulers by the numbers that the spies gave them."""

    def __init__(
        self,
        spies: Spies,
        model: torch.nn.Module | None,
        functions: Mapping[str, Callable[..., Any]],
        *,
        traced: bool,
        careful: bool = False,
    ) -> None:
        self._spies = spies
        self._model = model
        self._functions = functions
        self.traced, self.careful = traced, careful
        self._parameters = [] if model is None else list(model.parameters())  # they stay the same
        self.initial: Mapping[int, Callable[[], torch.nn.Parameter]] = {}  # a script's parameters, by number
        self.bodies: Mapping[int, Any] = {}
        self.rates: Sequence[float] = ()  # the exercise's own, step by step, where it has some
        self.sources: Sequence[torch.Tensor] = ()
        self.held_out: set[int] = set()  # loaders whose data is not to be trained on …
        self.held_out_sources: set[int] = set()  # … and raw data
        self.indices: Iterator[int] = iter(())  # in lists that pick rows
        self.datasets: Callable[[str, Any], Any] | None = None
        self._own: dict[int, torch.nn.Parameter] = {}
        self._modules: dict[int, torch.nn.Module] = {}
        self.returned: list[torch.Tensor] | None = None
        self._generators: dict[int, torch.Generator] = {}
        self._readings = Readings()
        self._made: list[Any] = []  # kept alive, as the student's variables kept them …
        self._built: deque[torch.optim.Optimizer] = deque(maxlen=MAX_MADE)  # … optimizers, the newest first

    def module(self, which: int) -> torch.nn.Module:
        """A module of the exercise."""
        module = self._spies.recorder.registry.module_at(index(which))
        if module is None:
            raise Cannot("a model that the file makes itself")
        return module

    @property
    def given(self) -> torch.nn.Module:
        """The model that the exercise hands in."""
        if self._model is None:
            raise Cannot("the exercise hands no model in")
        return self._model

    def hold_module(self, which: int, module: torch.nn.Module) -> None:
        """A module that a script made, which must get this number."""
        if self._model is not None or len(self._modules) >= MAX_MADE:
            raise Cannot("a model that the file makes itself")
        self._modules[which] = module
        info = self._spies.recorder.registry.module(module)
        if info is None or info.number != which:
            raise Contradiction("a model has another number")

    def dataset(self, name: Any, transform: Any, function: Callable[[Any], Any]) -> Any:
        """One of the exercise's own data sets, read through a transform; `function` makes the file's own."""
        if self.datasets is None:
            raise Cannot("a data set that the exercise does not bring")
        try:
            made = transforms.make(transform, function)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise Contradiction("a transform that is none") from None
        return self._readings.keep(self.datasets(str(name), made), str(name), transform, self.bodies)

    def first(self, which: int) -> torch.nn.Parameter:
        """A parameter of a script's own, made when it is first used, after all before it."""
        registry = self._spies.recorder.registry
        if which not in self.initial:
            raise Cannot("parameters that are too large to be told")
        while which not in self._own:
            number = len(self._own)
            if number not in self.initial:
                raise Cannot("parameters that are too large to be told")
            made = self._own[number] = self.initial[number]()
            if registry.param(made) != number:
                raise Contradiction("a parameter has another number")
        return self._own[which]

    def statistics(self) -> list[torch.Tensor]:
        """The buffers of a script's own modules, which only their own forwards may fill with what the data say."""
        return [buffer for module in self._modules.values() for buffer in module.buffers()]

    def begin_anew(self, module: torch.nn.Module) -> None:
        """A script's parameters have the values again that they had when they were first seen; so have statistics."""
        with torch.no_grad():
            for number, parameter in self._own.items():
                parameter.copy_(self.initial[number]())
        for layer in module.modules():
            if isinstance(layer, torch.nn.modules.batchnorm._NormBase):
                layer.reset_running_stats()

    def clear(self, *, to_none: bool) -> None:
        """Clear all gradients, as a model's zero_grad does."""
        if self._model is not None:
            self._model.zero_grad(set_to_none=to_none)
        for parameter in self._own.values():
            if to_none:
                parameter.grad = None
            elif parameter.grad is not None:
                parameter.grad.detach_().zero_()

    def parameter(self, which: int) -> torch.Tensor:
        """A parameter of the exercise's model, or of a script's."""
        if self._model is None:
            return self.first(index(which))
        ref = self._spies.recorder.registry.tensors.get(index(which))
        tensor = ref() if ref is not None else None
        if tensor is None or not any(tensor is own for own in self._parameters):
            raise Cannot("a parameter that the file makes itself")
        return tensor

    def parameters(self) -> list[torch.nn.Parameter]:
        """All parameters of the exercise's model, or of a script's."""
        return self._parameters if self._model is not None else list(self._own.values())

    def function(self, name: str) -> Callable[..., Any]:
        """A function of the exercise."""
        if name not in self._functions:
            raise Cannot("an unknown function")
        return self._functions[name]

    def optimizer(self, which: int) -> torch.optim.Optimizer:
        """An optimizer: of the exercise by its number, of the program by its age from `NEWEST` down."""
        if type(which) is int and which <= NEWEST:
            age = NEWEST - which
            if age < len(self._built):
                return self._built[age]
            if len(self._built) < MAX_MADE:
                raise Contradiction("an optimizer that was never made")
            raise Cannot("too many optimizers at a time")
        optimizer = self._spies.recorder.registry.optimizer_at(index(which))
        if optimizer is None:
            raise Cannot("an optimizer that the file makes itself")
        return optimizer

    @property
    def optimizers(self) -> int:
        """How many optimizers there are, which is the number that the next one gets."""
        return self._spies.recorder.registry.optimizers

    def make_optimizer(self, name: str, groups: Sequence[Any]) -> None:
        """Make one of torch's optimizers, which becomes the newest."""
        if name and name not in OPTIMIZERS:
            raise Cannot("an optimizer that the file makes itself")
        given = []
        for numbers, settings in groups:
            plain = {str(key): _setting(value) for key, value in settings.items()}
            given.append({**plain, "params": [self.parameter(item) for item in numbers]})
        self._built.appendleft(_built(name, given) if name else _Own(given, {}))

    def loader(self, which: int) -> DataLoader[Any]:
        """A loader."""
        loader = self._spies.loader_at(index(which))
        if loader is None:
            raise Cannot("a loader that the file makes itself")
        return loader

    def make_loader(
        self,
        which: int,
        data: Any,
        size: int,
        shuffled: bool,
        drop_last: bool,
        generator: torch.Generator | None,
    ) -> None:
        """Make a loader, which must get this number."""
        if len(self._made) >= MAX_MADE:
            raise Cannot("too many loaders")
        made: DataLoader[Any] = DataLoader(
            data, batch_size=size, shuffle=shuffled, drop_last=drop_last, generator=generator
        )
        self._made.append(made)
        if self._spies.number_of(made) != which:
            raise Contradiction("a loader has another number")

    def is_held_out(self, kind: str, which: int) -> bool:
        """Whether an operand is of data that is not to be trained on."""
        return which in (self.held_out if kind == "d" else self.held_out_sources)

    def overflown(self) -> bool:
        """Whether a gradient is no number any more, and care is taken of that."""
        grads = (parameter.grad for parameter in self.parameters()) if self.careful else ()
        return any(grad is not None and not bool(torch.isfinite(grad).all()) for grad in grads)

    def scaler(self, which: int) -> torch.amp.GradScaler:
        """A gradient scaler."""
        scaler = self._spies.scaler_at(index(which))
        if scaler is None:
            raise Cannot("a scaler that the file makes itself")
        return scaler

    def make_scaler(self, which: int, enabled: bool, settings: Mapping[str, Any]) -> None:
        """Make a scaler, which must get this number."""
        if len(self._made) >= MAX_MADE:
            raise Cannot("too many scalers")
        made = torch.amp.GradScaler("cpu", enabled=enabled, **{str(k): v for k, v in settings.items()})
        self._made.append(made)
        if self._spies.number_of_scaler(made) != which:
            raise Contradiction("a scaler has another number")

    def generator(self, which: int, seed: int) -> torch.Generator:
        """A generator that the program made, with this seed when it is first used."""
        if index(which) >= MAX_MADE:
            raise Cannot("too many generators")
        if which not in self._generators:
            self._generators[which] = torch.Generator().manual_seed(index(seed))
        return self._generators[which]

    def data(self) -> set[int]:
        """Where the tensors of the exercise's own data lie in memory."""
        sets = [getattr(loader.dataset, "tensors", ()) for loader in self._spies.loaders()]
        return set(places([*sets, self.sources]))

    def scheduler(self, which: int) -> Any:
        """A scheduler of the exercise; None for one that the file makes itself, whose rates are told."""
        return self._spies.scheduler_at(which)


def _built(name: str, groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
    """One of torch's optimizers; what its first group says is also what it is made with."""
    kind = getattr(torch.optim, name)
    known = inspect.signature(kind.__init__).parameters
    settings = {key: value for key, value in groups[0].items() if key in known and key != "params"}
    made: torch.optim.Optimizer = kind(groups, **settings)
    return made


def index(value: Any) -> int:
    """A whole number, not negative.  Raises Contradiction."""
    if type(value) is not int or value < 0:
        raise Contradiction("a number is not one")
    return value


def number(value: Any) -> float:
    """A finite number.  Raises Contradiction."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise Contradiction("a number is not one")
    return float(value)


def _setting(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, dict):
        return tuple(number(item) for item in value["l"])
    return number(value)
