"""The data spy: every pass over a loader, with its order and what was done with its batches."""

from __future__ import annotations

import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from sandbox import trace
from sandbox.spies import data as spy
from tests.sandbox.watching import Seen, watch

STEP = "optimizer.zero_grad(); criterion(model(xb), yb).backward(); optimizer.step()"


def passes(loop: str) -> list[trace.Pass]:
    """The passes of a loop, in the order they began."""
    return sorted(watch(loop.replace("STEP", STEP)).of(trace.Pass), key=lambda item: item.id)


def test_a_loader_is_described_once() -> None:
    seen = watch("""
        loader = DataLoader(data, 8, shuffle=True, drop_last=True)
        for epoch in range(3):
            for xb, yb in loader: pass
    """)
    loader = seen.one(trace.Loader)
    assert (loader.sampler, loader.batch_size, loader.drop_last) == ("RandomSampler", 8, True)
    assert (loader.size, loader.workers, loader.given) == (24, 0, False)
    assert [item.loader for item in seen.of(trace.Pass)] == [loader.id] * 3


def test_loaders_without_sizes_are_described_too() -> None:
    seen = watch("""
        from torch.utils.data import BatchSampler, IterableDataset, SequentialSampler
        class Stream(IterableDataset):
            def __iter__(self): return iter(data)
        for xb, yb in DataLoader(Stream(), 8): pass
        for xb, yb in DataLoader(data, batch_sampler=BatchSampler(SequentialSampler(data), 6, False)): pass
        for xb, yb in DataLoader(data, batch_size=None): pass
    """)
    assert [(item.size, item.batch_size) for item in seen.of(trace.Loader)] == [(-1, 8), (24, -1), (24, -1)]
    stream, batched, single = sorted(seen.of(trace.Pass), key=lambda item: item.id)
    assert (stream.batches, stream.rows, stream.head, stream.ascending) == (3, 24, [], False)
    assert (batched.batches, batched.rows, batched.head, batched.ascending) == (4, 24, list(range(24)), True)
    assert (single.batches, single.head) == (24, list(range(24)))


def test_a_plain_pass_holds_its_batches_rows_and_order() -> None:
    (item,) = passes("for xb, yb in DataLoader(data, 9): STEP")
    assert (item.batches, item.rows, item.trained) == (3, 24, 3)
    assert (item.finished, item.polled, item.ascending, item.at_step) == (True, 0, True, 0)
    assert item.head == list(range(24))


def test_shuffled_passes_differ_in_order_and_the_head_is_the_real_order() -> None:
    loop = """
        seen = []
        loader = DataLoader(data, 8, shuffle=True, generator=torch.Generator().manual_seed(5))
        for epoch in range(4):
            for xb, yb in loader: STEP; seen += [round((float(v) + 1) * 11.5) for v in xb]
    """
    seen = watch(loop.replace("STEP", STEP))
    found = seen.of(trace.Pass)
    assert len({item.order for item in found}) == 4
    assert len({item.generator for item in found}) == 4
    assert not any(item.ascending for item in found)
    assert [index for item in found for index in item.head] == seen.names["seen"]


def test_a_generator_rewound_each_epoch_repeats_order_and_state() -> None:
    found = passes("""
        for epoch in range(3):
            for xb, yb in DataLoader(data, 8, shuffle=True, generator=torch.Generator().manual_seed(5)): STEP
    """)
    assert len({item.order for item in found}) == len({item.generator for item in found}) == 1
    assert len({item.first for item in found}) == 1


def test_only_batches_that_a_backward_followed_count_as_trained() -> None:
    looked, evaluated, trained = passes("""
        loader = DataLoader(data, 8)
        next(iter(loader))
        with torch.no_grad():
            for xb, yb in loader: criterion(model(xb), yb)
        for number, (xb, yb) in enumerate(loader):
            if number != 1: STEP
    """)
    assert (looked.batches, looked.finished) == (1, False)
    assert (evaluated.batches, evaluated.trained, evaluated.finished) == (3, 0, True)
    assert (trained.batches, trained.trained, trained.finished) == (3, 2, True)


def test_a_drained_iterator_is_polled_again() -> None:
    (item,) = passes("""
        iterator = iter(DataLoader(data, 8))
        for epoch in range(4):
            for xb, yb in iterator: STEP
    """)
    assert (item.batches, item.finished, item.polled) == (3, True, 3)


def test_an_abandoned_pass_is_written_unfinished() -> None:
    found = passes("""
        loader = DataLoader(data, 8)
        for epoch in range(2):
            for xb, yb in loader: STEP; break
    """)
    assert [(item.batches, item.rows, item.finished) for item in found] == [(1, 8, False)] * 2


@pytest.mark.parametrize("dataset", ["data", "Stream()"])
@pytest.mark.parametrize("keep", [False, True])
def test_worker_processes_change_nothing_in_what_is_seen(dataset: str, keep: bool) -> None:
    seen = watch(f"""
        from torch.utils.data import IterableDataset, get_worker_info
        class Stream(IterableDataset):
            def __iter__(self): return iter(list(data)[get_worker_info().id :: 2])
        loader = DataLoader({dataset}, 6, num_workers=2, persistent_workers={keep}, multiprocessing_context="fork")
        for epoch in range(3):
            for xb, yb in loader: {STEP}
        del loader  # ends its workers here and not in some later garbage collection
    """)
    found = sorted(seen.of(trace.Pass), key=lambda item: item.id)
    assert [(item.batches, item.rows, item.trained) for item in found] == [(4, 24, 4)] * 3
    assert [(item.finished, item.polled) for item in found] == [(True, 0)] * 3
    assert seen.one(trace.Loader).workers == 2
    assert seen.counts["D"] == seen.counts["S"] == 12
    if dataset == "data":
        assert [item.head for item in found] == [list(range(24))] * 3
        assert all(item.ascending for item in found)


def test_two_passes_at_once_are_told_apart() -> None:
    first, second = passes("""
        for (xb, yb), (xc, yc) in zip(DataLoader(data, 8), DataLoader(data, 4, shuffle=True)): STEP
    """)
    assert (first.batches, first.head) == (3, list(range(24)))
    assert (second.rows, second.loader) == (12, 1)


def test_loaders_made_anew_each_epoch_have_different_numbers() -> None:
    seen = watch(
        """
        for epoch in range(5):
            for xb, yb in DataLoader(data, 8, shuffle=True): STEP
    """.replace("STEP", STEP)
    )
    assert sorted(item.id for item in seen.of(trace.Loader)) == list(range(5))
    assert sorted(item.loader for item in seen.of(trace.Pass)) == list(range(5))


def test_many_passes_stay_bounded() -> None:
    loop = f"""
        loader = DataLoader(data, 24)
        for epoch in range({spy.MAX_PASSES + 50}):
            for xb, yb in loader: pass
    """
    seen = watch(loop)
    assert len(seen.of(trace.Pass)) == spy.MAX_PASSES
    assert seen.counts["D"] == spy.MAX_PASSES + 50


def test_a_given_loader_is_given() -> None:
    from sandbox.spies import install
    from sandbox.spies.recorder import Recorder

    sent: list[bytes] = []
    recorder = Recorder(trace.Writer(sent.append), "loop.py")
    spies = install(recorder)
    spies.made({"loader": DataLoader(TensorDataset(torch.zeros(4, 1)), 2)})
    spies.remove()
    recorder.writer.flush()
    record = trace.decode(sent[0].splitlines()[0])
    assert isinstance(record, trace.Loader)
    assert record.given
    assert record.line == 0


def test_the_lines_of_a_pass_are_where_it_began() -> None:
    seen: Seen = watch("for xb, yb in DataLoader(data, 8): pass\n")
    assert seen.one(trace.Pass).line == seen.one(trace.Loader).line == 8


def test_nothing_is_said_of_the_order_where_the_indices_were_not_seen() -> None:
    state = spy.PassState(0, 0, 0, 0, "")
    state.given = iter([[0, 1], [2, 3]])
    state.yielded(2, batches=2)
    state.read()
    assert state.ascending
    state.yielded(2)
    state.read()
    assert not state.ascending
