"""What the sandbox lays out for this exercise: torchvision's MNIST reads the challenge's files.

A script is handed nothing; it asks `torchvision.datasets.MNIST(any_root, train=…, download=…)` for its
data, and finds the files there "already downloaded", whatever folder it names.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import torch
from numpy.typing import NDArray
from torchvision.datasets import EMNIST, KMNIST, MNIST, QMNIST, FashionMNIST

RELATIVES = (EMNIST, FashionMNIST, KMNIST, QMNIST)  # these inherit from MNIST, but are other data
HEADER = 16  # bytes before the pixels: magic number, count, rows, columns


def make(data: Path, seeds: dict[str, int], parameters: dict[str, object]) -> dict[str, object]:
    """Point MNIST, and classes derived from it, at the IDX files in `data`; a script gets no arguments.

    The other data sets of the family are not there, and say so instead of looking for a network.
    """
    own = getattr(MNIST.raw_folder.fget, "own", MNIST.raw_folder.fget)  # a process may do this again

    def raw_folder(self: Any) -> str:
        """The folder the four files are read from."""
        return str(own(self)) if isinstance(self, RELATIVES) else str(data)

    raw_folder.own = own
    MNIST.raw_folder = property(raw_folder)
    for relative in RELATIVES:
        relative.download = _offline
    return {}


def _offline(self: Any) -> NoReturn:
    """Stands for the download of data that this exercise does not bring."""
    name = type(self).__name__
    raise RuntimeError(f"{name} cannot be downloaded: there is no network here, and only MNIST is at hand")


def tensors(data: Path) -> dict[str, list[torch.Tensor]]:
    """The raw data by source: images (N, 28, 28) and labels (N,), as MNIST reads them."""
    return {"train": list(_whole(data, True)), "held-out": list(_whole(data, False))}


def known(dataset: object) -> str | None:
    """What MNIST as torchvision has it is called in `dataset`; None for another one, or a changed one."""
    if type(dataset) is not MNIST:
        return None
    images, labels = _whole(Path(dataset.raw_folder), dataset.train)
    pairs = ((dataset.data, images), (dataset.targets, labels))
    same = all(own.dtype is whole.dtype and torch.equal(own, whole) for own, whole in pairs)
    return ("train" if dataset.train else "held-out") if same else None


def dataset(data: Path, name: str, transform: object) -> MNIST:
    """The data set of that name, read through a transform.  Raises KeyError for another name."""
    return MNIST(str(data), train={"train": True, "held-out": False}[name], transform=transform)


@cache
def _whole(data: Path, train: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """Images and labels of one of the two sets, as they are in its files."""
    whole = MNIST(str(data), train=train)
    return whole.data, whole.targets


def sources(data: Path) -> dict[str, NDArray[np.uint8]]:
    """The raw images by source, (N, 784) each; "held-out" is the test set, which must not be trained on."""
    names = {"train": "train-images-idx3-ubyte", "held-out": "t10k-images-idx3-ubyte"}
    return {source: _images(data / name) for source, name in names.items()}


def _images(path: Path) -> NDArray[np.uint8]:
    """The images of an IDX file as flat rows."""
    return np.frombuffer(path.read_bytes(), dtype=np.uint8, offset=HEADER).reshape(-1, 28 * 28)
