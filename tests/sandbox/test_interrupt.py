"""Runs in forked processes: what they tell, how they end, and saves that are cut in half."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import safetensors.torch
import torch

from sandbox import interrupt


def test_a_fork_tells_what_its_work_gave_and_works_in_its_folder(tmp_path: Path) -> None:
    def work() -> dict[str, object]:
        Path("here").write_text("x")
        return {"answer": 42}

    assert interrupt.in_fork(work, tmp_path) == {"answer": 42}
    assert (tmp_path / "here").is_file()


def test_an_exception_is_told_and_a_killed_fork_tells_nothing(tmp_path: Path) -> None:
    def raises() -> dict[str, object]:
        raise ValueError("no")

    def dies() -> dict[str, object]:
        interrupt.end_now()
        return {}

    assert interrupt.in_fork(raises, tmp_path) == {"error": "ValueError: no"}
    assert interrupt.in_fork(dies, tmp_path) is None


def test_what_is_too_long_or_no_object_counts_as_nothing(tmp_path: Path) -> None:
    assert interrupt.in_fork(lambda: {"x": "y" * (1 << 20)}, tmp_path) is None
    assert interrupt.in_fork(lambda: [1], tmp_path) is None  # type: ignore[arg-type, return-value]


def _torch(path: Path) -> None:
    torch.save({"a": torch.ones(100)}, path)


def _torch_file(path: Path) -> None:
    with path.open("wb") as file:
        torch.save({"a": torch.ones(100)}, file)


def _pickle(path: Path) -> None:
    with path.open("wb") as file:
        pickle.dump({"a": torch.ones(100)}, file)  # a tensor's pickling saves, too: that is the same save


def _safetensors(path: Path) -> None:
    safetensors.torch.save_file({"a": torch.ones(100)}, path)


@pytest.mark.parametrize("save", [_torch, _torch_file, _pickle, _safetensors])
def test_the_save_of_a_number_is_cut_in_half(save, tmp_path: Path) -> None:
    def work() -> dict[str, object]:
        with interrupt.cut_short(2, lambda: Path("began").write_text("x") and None):
            save(Path("first"))
            assert not Path("began").exists()
            save(Path("second"))
        return {}

    assert interrupt.in_fork(work, tmp_path) is None
    whole, half = ((tmp_path / name).stat().st_size for name in ("first", "second"))
    assert whole * 0.4 < half < whole * 0.6
    assert (tmp_path / "began").is_file()


def test_afterwards_everything_is_as_it_was(tmp_path: Path) -> None:
    before = (torch.save, pickle.dump, safetensors.torch.save_file)
    with interrupt.cut_short(0, lambda: None):
        assert torch.save is not before[0]
        torch.save([1], tmp_path / "x")
    assert (torch.save, pickle.dump, safetensors.torch.save_file) == before
