"""A transform of torchvision is made again from what is told of it; one that is not listed is not told."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch
from PIL import Image

from sandbox import transforms, vision
from sandbox.transforms import MAX_TRANSFORMS, SETTINGS, told

vision.prepare()

from torchvision import transforms as v1  # noqa: E402 - torchvision may need help first
from torchvision.transforms import v2  # noqa: E402

IMAGE = Image.frombytes("L", (4, 3), bytes(range(0, 240, 20)))
TRANSFORMS: dict[str, Any] = {
    "a tensor": v1.ToTensor(),
    "normalised": v1.Compose([v1.ToTensor(), v1.Normalize((0.5,), (0.25,))]),
    "normalised by lists": v1.Compose([v1.ToTensor(), v1.Normalize([0.5], [0.25], inplace=True)]),
    "composed in each other": v1.Compose([v1.Compose([v1.Grayscale(3)]), v1.Compose([v1.PILToTensor()])]),
    "converted": v1.Compose([v1.PILToTensor(), v1.ConvertImageDtype(torch.float64)]),
    "nothing": v1.Compose([]),
    "newer": v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.ToPureTensor()]),
    "newer, normalised": v2.Compose(
        [v2.PILToTensor(), v2.ToDtype(torch.float32), v2.Normalize(mean=[3.0], std=[7.0])]
    ),
    "both": v1.Compose([v1.ToTensor(), v2.Normalize([0.1], [0.2])]),
}


def make(claimed: Any) -> Any:
    """The transform of what is told, where no function of the file's own is."""
    return transforms.make(claimed, {}.__getitem__)


def read(transform: Any) -> list[Any]:
    """What is told of a transform, as it comes out of a trace."""
    found = told(transform)
    assert found is not None
    again: list[Any] = json.loads(json.dumps(found))
    return again


@pytest.mark.parametrize("name", TRANSFORMS)
def test_a_transform_is_made_again(name: str) -> None:
    found = read(TRANSFORMS[name])
    made = make(found)
    one, other = TRANSFORMS[name](IMAGE), made(IMAGE)
    if name == "nothing":
        assert one is other is IMAGE
    else:
        assert one.dtype is other.dtype
        assert torch.equal(one, other)
    assert read(made) == found


@pytest.mark.filterwarnings("ignore:The transform `ToTensor")
def test_each_class_is_told_by_its_name() -> None:
    given: dict[str, dict[str, Any]] = {
        "v1.Normalize": {"mean": [0.5], "std": [0.5]},
        "v2.Normalize": {"mean": [0.5], "std": [0.5]},
        "v1.ConvertImageDtype": {"dtype": torch.float32},
        "v2.ToDtype": {"dtype": torch.float32},
    }
    for name in SETTINGS:
        module = {"v1": v1, "v2": v2}[name[:2]]
        transform = getattr(module, name[3:])(**given.get(name, {}))
        ((known, settings),) = read(transform)
        assert known == name or getattr(v1, name[3:], None) is getattr(v2, name[3:], None)
        assert set(settings) == set(SETTINGS[name])
        assert type(make([[known, settings]]).transforms[0]) is type(transform)


class ToTensor(v1.ToTensor):
    """One of the file's own, by a name that torchvision has."""


@pytest.mark.parametrize(
    "transform",
    [
        None,
        print,
        lambda image: image,
        ToTensor(),
        v1.Lambda(lambda image: image),
        v1.RandomRotation(3),
        v1.Compose([v1.ToTensor(), v1.RandomErasing()]),
        v1.Compose([v1.ToTensor(), lambda image: image]),
        v1.Compose([v1.ToTensor()] * (MAX_TRANSFORMS + 1)),
        v1.Normalize(torch.tensor([0.5]), torch.tensor([0.5])),
        v1.Normalize([0.5] * (MAX_TRANSFORMS + 1), [0.5]),
        v1.Normalize([[torch.tensor(1.0)]], [0.5]),
        v2.ToDtype({torch.Tensor: torch.float32}),
        v2.RandomHorizontalFlip(),
    ],
    ids=lambda transform: type(transform).__name__,
)
def test_what_is_not_listed_is_not_told(transform: Any) -> None:
    assert told(transform) is None


@pytest.mark.parametrize(
    "claimed",
    [
        [["v1.Lambda", {"lambd": "print"}]],
        [["v3.ToTensor", {}]],
        [["function", 0]],
        [["ToTensor", {}]],
        [["", {}]],
        [[["v1.ToTensor"], {}]],
        [["v1.Normalize", {}]],
        [["v1.Normalize", []]],
        [["v1.Normalize", {"mean": [0.5], "std": [0.5]}]],
        [["v1.ConvertImageDtype", {"dtype": "os"}]],
        [["v1.ConvertImageDtype", {"dtype": "load"}]],
        [["v1.ConvertImageDtype", {"dtype": "no.such"}]],
        [["v1.ConvertImageDtype", {"dtype": None}]],
        [["v1.Compose", {"transforms": []}]],
        ["v1.ToTensor"],
        ["ab"],
        [[]],
        [3],
        3,
        None,
        {"v1.ToTensor": {}},
    ],
    ids=repr,
)
def test_what_is_none_is_refused(claimed: Any) -> None:
    with pytest.raises((KeyError, TypeError, ValueError, AttributeError)):
        make(claimed)


def test_only_so_many_are_made() -> None:
    assert len(make([["v1.ToTensor", {}]] * 1000).transforms) == MAX_TRANSFORMS


def test_no_name_leads_out_of_the_list() -> None:
    assert all(name.partition(".")[0] in transforms.MODULES for name in SETTINGS)
    assert not [name for name in SETTINGS if "Lambda" in name or "Random" in name]
