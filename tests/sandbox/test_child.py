"""The child, end to end: how a file is run, what it is handed, what it leaves; the same bits without spies."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
import safetensors.torch
import torch

from sandbox import trace
from tests.sandbox.conftest import Ran, Warm

GIVEN = """
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
def make(data, seeds, parameters):
    x = torch.linspace(-1, 1, 24).unsqueeze(1)
    model = nn.Linear(1, 1)
    order = torch.Generator().manual_seed(seeds["order"])
    return {
        "model": model,
        "loader": DataLoader(TensorDataset(x, 3 * x - 1), 8, shuffle=True, generator=order),
        "criterion": nn.MSELoss(),
        "optimizer": torch.optim.SGD(model.parameters(), lr=0.1),
        "epochs": parameters["epochs"],
    }
"""
TRAIN = """
def train(model, loader, criterion, optimizer, epochs):
    losses = []
    for epoch in range(epochs):
        total = 0.0
        for xb, yb in loader:
            optimizer.zero_grad()
            loss = criterion(model(xb), yb)
            loss.backward()
            optimizer.step()
            total += loss.item()
        losses.append(total / len(loader))
    return losses
"""


def train(warm: Warm, source: str = TRAIN, **fields: Any) -> Ran:
    return warm.run(source, model=GIVEN, entry="function", parameters={"epochs": 4}, **fields)


def weights(ran: Ran) -> list[torch.Tensor]:
    loaded = safetensors.torch.load(ran.outcome.weights)
    return [loaded[str(number)] for number in range(len(loaded))]


# ── functions ────────────────────────────────────────────────────────────────────────────────────


def test_a_function_is_called_with_what_the_exercise_makes(warm: Warm) -> None:
    ran = train(warm)
    returned, end = ran.one(trace.Returned), ran.one(trace.End)
    assert (returned.type, returned.length) == ("list", 4)
    assert returned.numbers[-1] < returned.numbers[0]
    assert (end.finished, end.steps, end.trained_rows, end.moved) == (True, 12, 96, True)
    assert ran.one(trace.Loader).given
    assert ran.one(trace.Optimizer).given
    assert ran.one(trace.Module).given
    assert ran.outcome.exit_code == 0


def test_the_weights_are_those_the_last_hash_names(warm: Warm) -> None:
    ran = train(warm)
    state = weights(ran)
    assert [list(tensor.shape) for tensor in state] == [[1, 1], [1]]
    digest = hashlib.sha256(b"".join(tensor.numpy().tobytes() for tensor in state)).hexdigest()
    hashes = ran.of(trace.Hash)
    assert hashes[-1].sha256 == digest
    assert [item.step for item in hashes] == [0, 1, 2, 3, 4, 5, 6, 7, 8, 12]
    assert len({item.sha256 for item in hashes}) == 10


def test_the_same_job_again_gives_the_same_bits_and_other_seeds_others(warm: Warm) -> None:
    once, again = train(warm).outcome.weights, train(warm).outcome.weights
    assert once == again
    other = train(warm, seeds={"init": 1, "order": 9, "dropout": 3}).outcome.weights
    assert other != once


@pytest.mark.parametrize("optimizer", ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad"])
def test_final_weights_are_the_same_bits_with_spies_and_without(warm: Warm, optimizer: str) -> None:
    source = (
        TRAIN.replace(
            "    losses = []\n",
            f"""    losses = []
    import torch
    optimizer = torch.optim.{optimizer}(model.parameters(), lr=0.05)
    dropout = torch.nn.Dropout(0.2)
""",
        )
        .replace("model(xb)", "model(dropout(xb))")
        .replace("return losses", "print(torch.rand(1), losses)")
    )
    spied, plain = train(warm, source, spies=True), train(warm, source, spies=False)
    assert spied.outcome.weights
    assert spied.outcome.weights == plain.outcome.weights
    assert spied.said == plain.said != ""
    assert spied.one(trace.End).steps == 12
    assert plain.one(trace.End).steps == 0


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("", "`train` is missing"),
        ("train = 3", "`train` is a int, not a function"),
        (
            "def train(model): pass",
            "`train` cannot be called with (model, loader, criterion, optimizer, epochs)",
        ),
        ("class train: pass", "`train` cannot be called with"),
        ("def train(*, model, loader, criterion, optimizer, epochs): pass", "`train` cannot be called with"),
    ],
)
def test_a_wrong_signature_is_told_before_the_call(warm: Warm, source: str, message: str) -> None:
    stop = train(warm, source).one(trace.Stop)
    assert stop.slug == "wrong-signature"
    assert stop.message.startswith(message)


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        (TRAIN.replace("def train", "async def train"), "coroutine"),
        (TRAIN.replace("return losses", "yield losses"), "generator"),
        (
            TRAIN.replace("def train", "async def train").replace("return losses", "yield losses"),
            "async_generator",
        ),
    ],
)
def test_a_function_whose_body_a_call_does_not_run_is_a_wrong_signature(
    warm: Warm, source: str, kind: str
) -> None:
    ran = train(warm, source)
    stop = ran.one(trace.Stop)
    assert (stop.slug, stop.frames) == ("wrong-signature", [2])
    assert f"returns a {kind}" in stop.message
    assert ran.one(trace.End).steps == 0


def test_training_a_copy_beside_the_graded_module_does_not_count(warm: Warm) -> None:
    source = """
import copy, torch
def train(model, loader, criterion, optimizer, epochs):
    twin = copy.deepcopy(model)
    other = torch.optim.SGD(twin.parameters(), lr=0.1)
    for epoch in range(epochs):
        for xb, yb in loader:
            optimizer.zero_grad(); criterion(model(xb), yb).backward(); optimizer.step()
        for xb, yb in loader:
            other.zero_grad(); criterion(twin(xb), yb).backward(); other.step()
"""
    ran = train(warm, source)
    passes = sorted(ran.of(trace.Pass), key=lambda item: item.id)
    assert [item.trained for item in passes] == [3, 0] * 4
    assert ran.one(trace.End).trained_rows == 24 * 4


def test_training_a_copy_in_place_of_the_graded_module_counts(warm: Warm) -> None:
    source = TRAIN.replace(
        "    losses = []\n",
        """    losses = []
    import copy, torch
    graded, model = model, copy.deepcopy(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
""",
    ).replace("    return losses", "    graded.load_state_dict(model.state_dict())\n    return losses")
    ran = train(warm, source)
    assert ran.one(trace.End).trained_rows == 24 * 4


@pytest.mark.parametrize(
    "how", ["sys.stdout.close()", "sys.stdout = None", "sys.stderr.close()", "sys.stdout = sys.stderr = 3"]
)
def test_a_file_that_spoils_its_streams_still_leaves_its_end(warm: Warm, how: str) -> None:
    ran = train(warm, f"import sys\nprint('so far', flush=True)\n{TRAIN}\n{how}\n")
    assert ran.one(trace.End).steps == 12
    assert ran.one(trace.Over)
    assert (ran.said, ran.outcome.exit_code) == ("so far\n", 0)
    assert weights(ran)


def test_parameters_of_other_names_are_fine(warm: Warm) -> None:
    source = TRAIN.replace("(model, loader, criterion, optimizer, epochs)", "(*args)").replace(
        "    losses = []", "    model, loader, criterion, optimizer, epochs = args\n    losses = []"
    )
    assert train(warm, source).one(trace.End).steps == 12


def test_a_file_that_leaves_before_its_function_is_called_has_crashed(warm: Warm) -> None:
    ran = train(warm, TRAIN + "\nraise SystemExit(0)\n")
    stop = ran.one(trace.Stop)
    assert (stop.slug, stop.type) == ("crashed", "SystemExit")
    assert weights(ran)


def test_an_exception_inside_the_function_keeps_the_evidence(warm: Warm) -> None:
    ran = train(warm, TRAIN.replace("total += loss.item()", "total += loss.items()"))
    stop = ran.one(trace.Stop)
    assert (stop.slug, stop.type, stop.frames) == ("crashed", "AttributeError", [11])
    assert ran.one(trace.End).steps == 1


def test_spies_stay_out_of_the_students_traceback(warm: Warm) -> None:
    source = "import torch\ndef go():\n    torch.nn.Linear(2, 1)(torch.ones(1, 3))\ngo()\n"
    stop = warm.run(source).one(trace.Stop)
    assert (stop.type, stop.frames) == ("RuntimeError", [4, 3])
    assert "mat1 and mat2" in stop.message


# ── scripts ──────────────────────────────────────────────────────────────────────────────────────


def test_a_script_runs_as_main_in_a_folder_of_its_own(warm: Warm) -> None:
    ran = warm.run("""
        import os, sys, tempfile
        from pathlib import Path
        import __main__
        x = 5
        here = Path.cwd()
        assert __name__ == "__main__" and __main__.x == 5
        assert Path(__file__).parent == here == Path.home() == Path(tempfile.gettempdir())
        assert sys.argv == [__file__] and sys.path[0] == str(here)
        (here / "made.txt").write_text("mine")
        if __name__ == "__main__":
            print("guarded")
    """)
    assert (ran.said, ran.of(trace.Stop)) == ("guarded\n", [])


def test_pickle_dataclasses_and_future_flags_work_as_in_a_real_script(warm: Warm) -> None:
    ran = warm.run("""
        import pickle
        from dataclasses import dataclass
        @dataclass
        class Point:
            x: int
        print(pickle.loads(pickle.dumps(Point(3))))
        print(Point.__annotations__)
    """)
    assert ran.said == "Point(x=3)\n{'x': <class 'int'>}\n"


def test_a_script_with_worker_processes_leaves_none(warm: Warm) -> None:
    ran = warm.run("""
        import torch
        from torch.utils.data import DataLoader, TensorDataset
        loader = DataLoader(TensorDataset(torch.arange(8.0)), 2, num_workers=2, persistent_workers=True)
        print([batch[0].tolist() for batch in loader])
    """)
    assert ran.said == "[[0.0, 1.0], [2.0, 3.0], [4.0, 5.0], [6.0, 7.0]]\n"
    assert ran.one(trace.Pass).batches == 4


def test_the_graded_module_of_a_script_is_the_one_that_was_stepped(warm: Warm) -> None:
    ran = warm.run(
        """
        import torch
        from torch import nn
        helper, net = nn.Linear(20, 10), nn.Linear(20, 10)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        x = torch.rand(16, 20)
        helper(x)
        for step in range(5):
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(x), torch.arange(16) % 10).backward()
            optimizer.step()
        helper(x)
        print(net.weight.sum().item())
        """,
        shapes=[[10, 20], [10]],
    )
    graded = ran.one(trace.Graded)
    shapes = {item.id: item for item in ran.of(trace.Module)}
    assert shapes[graded.module].params == ran.one(trace.Optimizer).params
    assert "could not be traced back" in graded.reason  # this exercise has no sources
    assert ran.outcome.weights == b""


def test_the_header_names_torch_and_the_threads(warm: Warm) -> None:
    header = warm.run("").one(trace.Header)
    assert (header.torch, header.threads, header.entry) == (torch.__version__, 1, "script")


def test_a_broken_exercise_is_our_failure_and_never_started(warm: Warm) -> None:
    ran = warm.run(
        "print('never')", model="def make(data, seeds, parameters):\n    raise OSError('no data')\n"
    )
    assert ran.of(trace.Started) == []
    assert ran.outcome.exit_code == 1
    assert "never" not in ran.said
