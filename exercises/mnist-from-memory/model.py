"""What the sandbox lays out for this exercise: torchvision's MNIST reads the challenge's files.

A script is handed nothing; it asks `torchvision.datasets.MNIST(any_root, train=…, download=…)` for its
data, and finds the files there "already downloaded", whatever folder it names.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray
from torchvision.datasets import EMNIST, KMNIST, MNIST, QMNIST, FashionMNIST

RELATIVES = (EMNIST, FashionMNIST, KMNIST, QMNIST)  # these inherit from MNIST, but are other data
HEADER = 16  # bytes before the pixels: magic number, count, rows, columns


def make(data: Path, seeds: dict[str, int], parameters: dict[str, object]) -> dict[str, object]:
    """Point MNIST, and classes derived from it, at the IDX files in `data`; a script gets no arguments.

    The other data sets of the family are not there, and say so instead of looking for a network.
    """
    own = MNIST.raw_folder.fget

    def raw_folder(self: Any) -> str:
        """The folder the four files are read from."""
        return str(own(self)) if isinstance(self, RELATIVES) else str(data)

    MNIST.raw_folder = property(raw_folder)
    for relative in RELATIVES:
        relative.download = _offline
    return {}


def _offline(self: Any) -> NoReturn:
    """Stands for the download of data that this exercise does not bring."""
    name = type(self).__name__
    raise RuntimeError(f"{name} cannot be downloaded: there is no network here, and only MNIST is at hand")


def sources(data: Path) -> dict[str, NDArray[np.uint8]]:
    """The raw images by source, (N, 784) each; "held-out" is the test set, which must not be trained on."""
    names = {"train": "train-images-idx3-ubyte", "held-out": "t10k-images-idx3-ubyte"}
    return {source: _images(data / name) for source, name in names.items()}


def _images(path: Path) -> NDArray[np.uint8]:
    """The images of an IDX file as flat rows."""
    return np.frombuffer(path.read_bytes(), dtype=np.uint8, offset=HEADER).reshape(-1, 28 * 28)
