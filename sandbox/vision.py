"""Let torchvision be imported beside a torch that cannot load its compiled extension.

torchvision's published wheels carry an extension built against the CUDA build of torch.  Beside a
CPU-only torch the extension does not load, and `import torchvision` then dies with "operator
torchvision::nms does not exist": its Python code describes two operators to the compiler that only
the extension would have declared.  Declaring their schemas first is enough: data sets, transforms
and models work, and calling such an operator still says that it has no implementation.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import torch

_SCHEMAS = {
    "nms": "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}
_kept: list[Any] = []  # a Library undoes its definitions when it is collected


def extension_loads() -> bool:
    """Whether torchvision's compiled extension can be loaded (False too when there is none)."""
    spec = importlib.util.find_spec("torchvision")
    if spec is None or not spec.submodule_search_locations:
        return False
    for folder in spec.submodule_search_locations:
        for path in sorted(Path(folder).glob("_C*.so")) + sorted(Path(folder).glob("_C*.pyd")):
            try:
                torch.ops.load_library(str(path))  # type: ignore[no-untyped-call]
            except OSError:
                return False
            return True
    return False


def prepare() -> bool:
    """Make `import torchvision` work; true when the missing schemas had to be declared."""
    if _kept or extension_loads():
        return bool(_kept)
    library: Any = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
    for name, schema in _SCHEMAS.items():
        if not _declared(name):
            library.define(schema)
    _kept.append(library)
    return True


def _declared(name: str) -> bool:
    """Whether some library has declared the operator already."""
    return any(schema.name == f"torchvision::{name}" for schema in torch._C._jit_get_all_schemas())
