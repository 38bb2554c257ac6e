"""Data spies: every pass over a DataLoader, with the indices its sampler gave and what was done with them."""

from __future__ import annotations

import functools
import hashlib
import weakref
from array import array
from collections.abc import Callable, Iterator
from itertools import islice, tee
from operator import lt
from typing import Any

import torch
from torch.utils.data import DataLoader
from torch.utils.data.dataloader import _BaseDataLoaderIter

from sandbox import trace
from sandbox.spies.feed import Draw, fingerprint
from sandbox.spies.graphs import first_tensor
from sandbox.spies.recorder import Recorder

MAX_PASSES = 400  # written; later ones are followed but not written
HEAD = 32  # indices of a pass that are kept
UNREAD = 64  # batches whose indices wait to be read
HASHED = 4096  # indices that wait before they go into the digest


class PassState:
    """One iterator over a loader, while it runs."""

    def __init__(self, number: int, loader: int, line: int, at_step: int, generator: str) -> None:
        self.number, self.loader, self.line, self.at_step = number, loader, line, at_step
        self.generator = generator
        self.batches = self.rows = self.trained = self.polled = self.loss_rows = 0
        self.loss = self.loss_means = 0.0
        self.finished = False
        self.ascending = True
        self.last = -1
        self.first = ""
        self.head: list[int] = []
        self._digest = hashlib.blake2b(digest_size=12)
        self._unhashed = array("q")
        self.given: Iterator[Any] = iter(())  # the indices its sampler gives, a list or one for each batch
        self.expected: int | None = None
        self.place = 0  # among the passes over its loader
        self._unread = 0  # batches yielded whose indices were not yet taken from `given`

    @property
    def order(self) -> str:
        """The digest of all indices that reached the student's code."""
        self.read()
        self._digest.update(self._unhashed.tobytes())
        self._unhashed = array("q")
        return self._digest.hexdigest()

    def used(self) -> None:
        """A batch of it was trained on."""
        self.trained += 1

    def lost(self, rows: int, value: float) -> None:
        """A batch's loss went backward."""
        self.loss += value * rows
        self.loss_means += value
        self.loss_rows += rows

    def lost_all(self, rows: int, values: list[float]) -> None:
        """The same for the losses of several batches of so many rows."""
        loss, means = self.loss, self.loss_means
        for value in values:
            loss += value * rows
            means += value
        self.loss, self.loss_means = loss, means
        self.loss_rows += rows * len(values)

    def yielded(self, rows: int, batches: int = 1) -> None:
        """Batches of so many rows have reached the student's code."""
        self.batches += batches
        self.rows += rows * batches
        self._unread += batches
        if self._unread >= UNREAD:
            self.read()

    def read(self) -> None:
        """Take the indices in of all batches that have reached the student's code."""
        unread, self._unread = self._unread, 0
        numbers: list[Any] = []
        taken = list(islice(self.given, unread))  # its source has given all of them out already
        if len(taken) < unread:  # an iterator that was not tapped: nothing is known of its order
            self.ascending = False
        for given in taken:
            if type(given) is list:
                numbers += given
            else:
                numbers.append(given)
        if not numbers:
            return
        try:
            self._unhashed.fromlist(numbers)
            plain = type(numbers[0]) is int
        except (TypeError, OverflowError):
            plain = False
        if not plain:  # whatever else a sampler may give
            self.ascending = False
            return
        if len(self.head) < HEAD:
            self.head += numbers[: HEAD - len(self.head)]
        if len(self._unhashed) >= HASHED:
            self._digest.update(self._unhashed.tobytes())
            self._unhashed = array("q")
        if self.ascending:
            self.ascending = numbers[0] > self.last and all(map(lt, numbers, numbers[1:]))
            self.last = numbers[-1]

    def close(self) -> None:
        """Let go of the sampler."""
        self.read()
        self.given = iter(())


class DataSpy:
    """Follows loaders and their iterators by identity."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._loaders: dict[int, tuple[weakref.ref[Any], int]] = {}
        self._passes: dict[int, PassState] = {}
        self._given: dict[int, Iterator[Any]] = {}  # by iterator, until its first batch
        self._over: list[PassState] = []  # whose iterators are gone
        self._all: list[PassState] = []  # written at the end: a later step may still use their batches
        self._loaders_seen = 0
        self.when_exhausted: dict[int, Callable[[int], None]] = {}  # by loader: what to call at a pass's end
        self._same_data: list[tuple[Any, Callable[[int], None]]] = []  # for other loaders over the same data
        self._lines: dict[int, tuple[weakref.ref[Any], int]] = {}  # where loaders were made

    def install(self) -> Callable[[], None]:
        """Wrap iteration; returns what undoes it."""
        made, iterate = DataLoader.__init__, DataLoader.__iter__
        begun, reset = _BaseDataLoaderIter.__init__, _BaseDataLoaderIter._reset
        following = _BaseDataLoaderIter.__next__
        DataLoader.__init__ = self._made(made)  # type: ignore[method-assign]
        DataLoader.__iter__ = self._iterate(iterate)  # type: ignore[method-assign]
        _BaseDataLoaderIter.__next__ = self._next(following)  # type: ignore[method-assign]
        _BaseDataLoaderIter.__init__ = self._begun(begun)  # type: ignore[method-assign]
        _BaseDataLoaderIter._reset = self._begun(reset)  # type: ignore[method-assign]

        def uninstall() -> None:
            DataLoader.__init__ = made  # type: ignore[method-assign]
            DataLoader.__iter__ = iterate  # type: ignore[method-assign]
            _BaseDataLoaderIter.__next__ = following  # type: ignore[method-assign]
            _BaseDataLoaderIter.__init__ = begun  # type: ignore[method-assign]
            _BaseDataLoaderIter._reset = reset  # type: ignore[method-assign]

        return uninstall

    def close(self) -> None:
        """Write all passes."""
        for state in self._all:
            self._write(state)

    def loader(self, loader: DataLoader[Any], line: int) -> int:
        """The number of a loader; its record is written when it is new."""
        known = self._loaders.get(id(loader))
        if known is not None and known[0]() is loader:
            return known[1]
        number = self._loaders_seen
        self._loaders_seen += 1
        self._loaders[id(loader)] = (weakref.ref(loader), number)
        for data, callback in self._same_data:
            if loader.dataset is data:
                self.when_exhausted[number] = callback
        self._recorder.script.met(number, loader, self._recorder.registry.given)
        if number < MAX_PASSES:
            self._recorder.write(_describe(number, loader, self._recorder.registry.given, line))
        return number

    def loader_at(self, number: int) -> Any:
        """The loader of a number; None where there is none, or none any more."""
        return next((ref() for ref, known in self._loaders.values() if known == number), None)

    def loaders(self) -> list[DataLoader[Any]]:
        """All loaders that have a number and are still there."""
        return [loader for ref, _ in self._loaders.values() if (loader := ref()) is not None]

    # ── wrappers ─────────────────────────────────────────────────────────────────────────────────

    def _made(self, original: Callable[..., None]) -> Any:
        @functools.wraps(original)
        def __init__(loader: DataLoader[Any], *args: Any, **kwargs: Any) -> None:  # noqa: N807
            original(loader, *args, **kwargs)
            if not self._recorder.elsewhere and len(self._lines) < MAX_PASSES:
                self._lines[id(loader)] = (weakref.ref(loader), self._recorder.line())

        return __init__

    def _iterate(self, original: Callable[..., Any]) -> Any:
        recorder = self._recorder

        @functools.wraps(original)
        def __iter__(loader: DataLoader[Any]) -> Any:  # noqa: N807
            if recorder.elsewhere:
                return original(loader)
            line = recorder.line()
            generator = recorder.shield(_generator_state, loader) or ""
            if recorder.making is not None:
                recorder.shield(recorder.making.draws)
            iterator = original(loader)
            recorder.steady.leave()
            recorder.shield(self._opened, loader, iterator, line, generator)
            return iterator

        return __iter__

    def _opened(self, loader: DataLoader[Any], iterator: Any, line: int, generator: str) -> None:
        state = self._state(iterator)  # a loader with workers has given out indices already
        made = self._lines.get(id(loader))
        made_at = made[1] if made is not None and made[0]() is loader else line
        state.loader, state.line, state.generator = self.loader(loader, made_at), line, generator
        self._recorder.passes += 1
        state.place = self._recorder.script.opened(state.loader, loader)
        try:
            state.expected = len(loader)
        except TypeError:  # an iterable data set has no length
            state.expected = None

    def _state(self, iterator: Any) -> PassState:
        state = self._passes.get(id(iterator))
        if state is None:
            if self._recorder.steady.now is None:  # else batches of theirs are not yet counted
                while self._over:
                    self._over.pop().close()
            state = PassState(len(self._all), -1, 0, self._recorder.steps, "")
            state.given = self._given.pop(id(iterator), state.given)
            self._passes[id(iterator)] = state
            if len(self._all) < MAX_PASSES:
                self._all.append(state)
            weakref.finalize(iterator, self._forget, id(iterator), state).atexit = False
        return state

    def _forget(self, key: int, state: PassState) -> None:
        self._over.append(state)
        if self._passes.get(key) is state:
            del self._passes[key]

    def _write(self, state: PassState) -> None:
        order = state.order  # reads what is still unread
        self._recorder.write(
            trace.Pass(
                id=state.number,
                loader=state.loader,
                line=state.line,
                at_step=state.at_step,
                batches=state.batches,
                rows=state.rows,
                trained=state.trained,
                finished=state.finished,
                polled=state.polled,
                order=order,
                first=state.first,
                head=state.head,
                ascending=state.ascending and state.batches > 0,
                generator=state.generator,
                loss=state.loss,
                loss_rows=state.loss_rows,
                loss_means=state.loss_means,
            ),
            closing=True,
        )

    def _begun(self, original: Callable[..., None]) -> Any:
        """Around what makes a loader's iterator, or (workers that persist) starts it again: a new pass."""

        @functools.wraps(original)
        def begin(iterator: Any, *args: Any, **kwargs: Any) -> None:
            original(iterator, *args, **kwargs)
            if not self._recorder.elsewhere:
                self._recorder.shield(self._tap, iterator)

        return begin

    def _tap(self, iterator: Any) -> None:
        """Have a second reader of the indices that an iterator's sampler gives."""
        self._passes.pop(id(iterator), None)
        if len(self._given) < MAX_PASSES:
            iterator._sampler_iter, self._given[id(iterator)] = tee(iterator._sampler_iter)

    def _next(self, original: Callable[..., Any]) -> Any:
        recorder = self._recorder
        steady = recorder.steady

        @functools.wraps(original)
        def __next__(iterator: Any) -> Any:  # noqa: N807
            if recorder.elsewhere:
                return original(iterator)
            state = self._passes.get(id(iterator)) or self._state(iterator)
            try:
                batch = original(iterator) if steady.now is not None else drawn(iterator, state)
            except StopIteration:
                self._ended(state)
                raise
            try:
                if steady.now is None or not steady.drawn(state, batch):
                    self._drawn(state, batch)
            except Exception:  # noqa: BLE001 - see Recorder.shield
                recorder.failed()
            return batch

        def drawn(iterator: Any, state: PassState) -> Any:
            script = recorder.script
            if not state.batches and recorder.making is not None:
                recorder.shield(recorder.making.draws)  # a sampler draws its order when it is first asked
            busy, script.busy = script.busy, True  # what a data set does to give a row is not told
            try:
                return original(iterator)
            finally:
                script.busy = busy

        return __next__

    def _ended(self, state: PassState) -> None:
        """An iterator was asked for more, and had none."""
        recorder = self._recorder
        recorder.steady.leave()
        recorder.script.ended(state.loader, state.place)
        if state.finished:
            state.polled += 1
            return
        if state.batches != state.expected:
            self._exhausted(state)
        state.finished = True

    def _drawn(self, state: PassState, batch: Any) -> None:
        recorder = self._recorder
        tensor = first_tensor(batch)
        rows, pointer = 1, 0
        if tensor is not None:
            pointer = tensor.data_ptr()
            if tensor.dim():
                rows = len(tensor)
            if not state.batches:
                state.first = f"{fingerprint(tensor) & 0xFFFFFFFFFFFFFFFF:x}"
        state.yielded(rows)
        recorder.beat("D")
        recorder.script.drawn(state.loader, state.place, batch)
        if recorder.quick:
            recorder.steady.hear_draw(state, rows, pointer)
        recorder.stepping = 0  # no step is under way here: one that raised never said that it ended
        lost = functools.partial(state.lost, rows)
        reference = None if tensor is None else weakref.ref(tensor)
        recorder.feed.drawn(Draw(pointer, rows, state.used, state.loader, lost, reference))
        if recorder.ledger.open:
            if recorder.ledger.fresh:
                recorder.labels.drawn(batch)
            recorder.ledger.row("D", 0, of=state.number, rows=rows)
        left = -1 if state.expected is None else state.expected - state.batches
        if left == 2:
            recorder.ledger.epoch_ends_soon()
        elif not left:  # a loop that counts its batches never asks for more
            self._exhausted(state)

    def follow(self, loader: DataLoader[Any], callback: Callable[[int], None]) -> None:
        """Call back with a loader's number when a pass over it, or over another of its data set, ends."""
        self.when_exhausted[self.loader(loader, 0)] = callback
        self._same_data.append((loader.dataset, callback))

    def _exhausted(self, state: PassState) -> None:
        if (callback := self.when_exhausted.get(state.loader)) is not None:
            self._recorder.shield(callback, state.loader)


def _describe(number: int, loader: DataLoader[Any], given: bool, line: int) -> trace.Loader:
    try:
        size = len(loader.dataset)  # type: ignore[arg-type]
    except TypeError:
        size = -1
    sampler = getattr(loader, "sampler", None)
    return trace.Loader(
        id=number,
        sampler=type(sampler).__name__[:80],
        batch_size=loader.batch_size if isinstance(loader.batch_size, int) else -1,
        drop_last=bool(loader.drop_last),
        size=size,
        workers=loader.num_workers,
        given=given,
        line=line,
    )


def _generator_state(loader: DataLoader[Any]) -> str:
    """A digest of the state that decides the order: the sampler's or loader's generator, else torch's own."""
    generator = getattr(loader.sampler, "generator", None) or loader.generator or torch.default_generator
    return hashlib.blake2b(generator.get_state().numpy().tobytes(), digest_size=8).hexdigest()
