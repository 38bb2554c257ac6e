"""The digits of this exercise, drawn anew for every challenge, and the hidden test on them.

The examiner alone runs this file: it sees the hidden seed, the sandbox never does.  A digit is a glyph
of Pillow's built-in font in one of several thicknesses, put through a random affine map (turned,
scaled, sheared, shifted) and covered with noise.  `tests/calibrate.py` shows how hard that makes it.
"""

from __future__ import annotations

import gzip
import struct
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

TRAIN_SIZE, TEST_SIZE, HIDDEN_SIZE = 6_000, 1_000, 5_000
TRAINING_FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
HIDDEN_FILES = ("hidden-images-idx3-ubyte", "hidden-labels-idx1-ubyte")

SIDE = 28
ZOOM = 3  # glyphs are kept this much finer than the images, so that a turned one stays smooth
CANVAS = SIDE * ZOOM
HEIGHT = 20 * ZOOM  # of a digit; the real MNIST fits its digits into 20 of the 28 pixels, too
STROKES = (0, 1, 2, 3, 4)  # what each thickness adds around the glyph, in fine pixels

TURN = np.deg2rad(6.0)  # standard deviations of the affine map …
SHIFT = 1.02  # … in pixels
STRETCH = 0.08
SHEAR = 0.15
NOISE = 60.0  # of 255
CHUNK = 500  # images sampled at once: their coordinates fit into the processor's cache


def draw(
    seeds: dict[str, int], real: Path | None = None
) -> tuple[dict[str, bytes], dict[str, bytes], dict[str, int | float | str]]:
    """The files of a challenge: (for the sandbox, kept for the hidden test, parameters), IDX files by name.

    `seeds` holds 256-bit integers "train" and "hidden".  Where the folder `real` holds the real MNIST it is
    used instead: all of its training images, and its test images split in two by the hidden seed.
    Raises ValueError when the real files are damaged.
    """
    hidden_rng = _generator(seeds["hidden"])
    files = find_real(real) if real is not None else None
    if files is not None:
        train = read_idx(files[TRAINING_FILES[0]]), read_idx(files[TRAINING_FILES[1]])
        test, hidden = _split(
            read_idx(files[TRAINING_FILES[2]]), read_idx(files[TRAINING_FILES[3]]), hidden_rng
        )
    else:
        rng = _generator(seeds["train"])
        train, test = digits(rng, TRAIN_SIZE), digits(rng, TEST_SIZE)
        hidden = digits(hidden_rng, HIDDEN_SIZE)
    training = dict(zip(TRAINING_FILES, map(write_idx, (*train, *test)), strict=True))
    kept = dict(zip(HIDDEN_FILES, map(write_idx, hidden), strict=True))
    return training, kept, {"samples": len(train[1])}


def evaluate(
    weights: list[NDArray[np.floating]], hidden: dict[str, bytes], scale: float, shift: float
) -> tuple[dict[str, float], int]:
    """Accuracy of a linear map on the hidden images, and under the best renaming of its classes, and how many images.

    `weights` are the matrix (10, 784) and the bias (10,); the map's input is scale · raw + shift with the raw
    pixels in [0, 1].  Everything is computed in float64.
    """
    matrix, bias = (np.asarray(weight, dtype=np.float64) for weight in weights)
    images, labels = (read_idx(hidden[name]) for name in HIDDEN_FILES)
    inputs = scale * (images.reshape(len(images), -1) / 255.0) + shift
    guesses = (inputs @ matrix.T + bias).argmax(axis=1)
    return {
        "accuracy": float((guesses == labels).mean()),
        "renamed_accuracy": _renamed(guesses, labels),
    }, len(labels)


def _renamed(guesses: NDArray[np.intp], labels: Pixels) -> float:
    """The largest share of right guesses when classes are renamed one to one, by dynamic programming over sets."""
    counts = np.zeros((10, 10), dtype=np.intp)
    np.add.at(counts, (guesses, labels), 1)
    best = {0: 0}  # by the set of names that are taken, the most that the classes so far can be right
    for row in counts.tolist():
        reached: dict[int, int] = {}
        for taken, right in best.items():
            for name, count in enumerate(row):
                if not taken >> name & 1:
                    now = taken | 1 << name
                    reached[now] = max(reached.get(now, 0), right + count)
        best = reached
    return max(best.values()) / max(len(labels), 1)


# ── drawing ──────────────────────────────────────────────────────────────────────────────────────


def digits(rng: np.random.Generator, count: int) -> tuple[Pixels, Pixels]:
    """`count` images (count, 28, 28) and their labels (count,), all classes equally likely."""
    labels = rng.integers(10, size=count).astype(np.uint8)
    thickness = rng.integers(len(STROKES), size=count)
    inverse, shift = _affine(rng, count)
    images = np.empty((count, SIDE * SIDE), dtype=np.uint8)
    for start in range(0, count, CHUNK):
        part = slice(start, start + CHUNK)
        ink = _sample(
            labels[part].astype(np.intp) * len(STROKES) + thickness[part], inverse[part], shift[part]
        )
        ink += NOISE * rng.standard_normal(ink.shape, dtype=np.float32)
        images[part] = np.clip(ink, 0, 255, out=ink).astype(np.uint8)
    return images.reshape(count, SIDE, SIDE), labels


def _affine(rng: np.random.Generator, count: int) -> tuple[Floats, Floats]:
    """Random maps from image to glyph: matrices (count, 2, 2) and shifts (count, 2), in image pixels."""
    angle = TURN * rng.standard_normal(count)
    stretch = np.exp(STRETCH * rng.standard_normal((count, 2)))
    turn = np.stack([np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)], axis=1).reshape(-1, 2, 2)
    shear = np.tile(np.eye(2), (count, 1, 1))
    shear[:, 0, 1] = SHEAR * rng.standard_normal(count)
    inverse = np.linalg.inv(turn @ shear * stretch[:, None, :])
    return inverse.astype(np.float32), (SHIFT * rng.standard_normal((count, 2))).astype(np.float32)


def _sample(which: NDArray[np.intp], inverse: Floats, shift: Floats) -> Floats:
    """The glyphs `which` seen through their maps: (count, 784) in [0, 255], bilinear between fine pixels."""
    steps = np.arange(SIDE, dtype=np.float32) - (SIDE - 1) / 2
    grid = np.stack(np.meshgrid(steps, steps, indexing="xy")).reshape(2, -1)  # rows x and y
    points = ZOOM * (inverse @ (grid - shift[:, :, None])) + (CANVAS - 1) / 2
    np.clip(points, 0, CANVAS - 1.001, out=points)  # the glyphs' edges are empty, so clipping draws nothing
    corner = points.astype(np.intp)
    right, down = (points - corner).transpose(1, 0, 2)
    first = which[:, None] * CANVAS**2 + corner[:, 1] * CANVAS + corner[:, 0]
    ink = _glyphs()
    above = ink[first] * (1 - right) + ink[first + 1] * right
    below = ink[first + CANVAS] * (1 - right) + ink[first + CANVAS + 1] * right
    return np.asarray(above * (1 - down) + below * down)


@cache
def _glyphs() -> Floats:
    """All digits in all thicknesses, flat: 10 x thicknesses x 84 x 84 values in [0, 255]."""
    font = ImageFont.load_default(size=HEIGHT / 0.7)  # the font's digits are 0.7 of its size high
    drawn = []
    for digit in "0123456789":
        for stroke in STROKES:
            image = Image.new("L", (CANVAS, CANVAS))
            pen = ImageDraw.Draw(image)
            left, top, right, bottom = pen.textbbox((0, 0), digit, font=font, stroke_width=stroke)
            corner = ((CANVAS - left - right) / 2, (CANVAS - top - bottom) / 2)
            pen.text(corner, digit, fill=255, font=font, stroke_width=stroke)
            drawn.append(np.asarray(image.filter(ImageFilter.GaussianBlur(1)), dtype=np.float32))
    return np.stack(drawn).reshape(-1)


def _generator(seed: int) -> np.random.Generator:
    """A generator that uses all bits of the seed."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed)))


# ── the real MNIST ───────────────────────────────────────────────────────────────────────────────


def find_real(folder: Path) -> dict[str, bytes] | None:
    """The four real files by name, packed or not, where torchvision puts them; None if one is missing."""
    files: dict[str, bytes] = {}
    for name in TRAINING_FILES:
        places = [folder / below / name for below in (".", "raw", "MNIST/raw")]
        plain = next((path for path in places if path.is_file()), None)
        packed = next((path for place in places if (path := place.with_name(f"{name}.gz")).is_file()), None)
        if plain is not None:
            files[name] = plain.read_bytes()
        elif packed is not None:
            files[name] = gzip.decompress(packed.read_bytes())
        else:
            return None
    return files


def _split(
    images: Pixels, labels: Pixels, rng: np.random.Generator
) -> tuple[tuple[Pixels, Pixels], tuple[Pixels, Pixels]]:
    """(images, labels) cut into two halves at random, each half in its old order: public, then hidden."""
    order = rng.permutation(len(labels))
    hidden, public = np.sort(order[: len(order) // 2]), np.sort(order[len(order) // 2 :])
    return (images[public], labels[public]), (images[hidden], labels[hidden])


# ── IDX files ────────────────────────────────────────────────────────────────────────────────────


def write_idx(values: Pixels) -> bytes:
    """An array of bytes as an IDX file: magic number, big-endian sizes, then values (see the MNIST site)."""
    return struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape) + values.tobytes()


def read_idx(content: bytes) -> Pixels:
    """The array of bytes an IDX file holds.  Raises ValueError when it is not one."""
    if len(content) < 4 or content[:3] != b"\0\0\x08" or len(content) < 4 + 4 * content[3]:
        raise ValueError("not an IDX file of bytes")
    shape = struct.unpack_from(f">{content[3]}I", content, 4)
    return np.frombuffer(content, dtype=np.uint8, offset=4 + 4 * content[3]).reshape(shape)
