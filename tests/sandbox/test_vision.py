"""torchvision can be imported after `prepare`, in a fresh process that takes warnings as errors."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def said(code: str) -> str:
    """What code prints in a fresh interpreter with warnings as errors."""
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_torchvision_is_imported_and_works_after_preparing_twice() -> None:
    code = """
from sandbox import vision
needed = vision.prepare()
assert vision.prepare() == needed == (not vision.extension_loads())
import torch, torchvision
from torchvision import datasets, transforms
image = transforms.ToTensor()(transforms.ToPILImage()(torch.ones(1, 4, 4)))
print(tuple(transforms.Normalize(0.5, 0.5)(image).shape), float(image.max()))
"""
    assert said(code) == "(1, 4, 4) 1.0"


def test_without_torchvision_the_extension_does_not_load() -> None:
    hidden = "import sys; sys.path = [p for p in sys.path if 'site-packages' not in p]"
    code = f"import torch; {hidden}; from sandbox import vision; print(vision.extension_loads())"
    assert said(code) == "False"
