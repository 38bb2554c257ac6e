"""The report as JSON: the fields of `grader.models.Report`, in their order; `grade schema` describes them."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from grader.render.clean import clean

if TYPE_CHECKING:
    from grader.models import Report
    from grader.render.registry import Canvas


def render(report: Report, canvas: Canvas) -> str:
    """The report as indented JSON.  Numbers that JSON does not know are null; texts are cleaned."""
    return json.dumps(_plain(report.model_dump()), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {clean(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
