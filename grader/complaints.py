"""What is wrong with a table, in words: pydantic's complaints as "key: what it is, what was expected"."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

_KINDS = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
}
_NAMES = {str: "a text", int: "a whole number", float: "a number", bool: "true or false", list: "a list"}


def complaint(model: type[BaseModel], error: ValidationError) -> str:
    """The first complaint about a table that should be a `model`, as "key: sentence"."""
    first = error.errors(include_url=False)[0]
    location = first["loc"]
    key = ".".join(str(part) for part in location)
    return f"{key}: {_sentence(model, first, location)}".removeprefix(": ")


def _sentence(model: type[BaseModel], first: ErrorDetails, location: tuple[int | str, ...]) -> str:
    kind, context = first["type"], first.get("ctx", {})
    if kind == "missing":
        return f"is missing; {_expected(model, location)} is expected"
    if kind == "extra_forbidden":
        return _unknown(model, location)
    if kind in _KINDS:
        return f"is {_shown(first['input'])}, but must be {_KINDS[kind]}"
    if kind == "literal_error":
        return f"is {_shown(first['input'])}, but must be {context.get('expected')}"
    if kind == "value_error":
        return str(context.get("error", first["msg"]))
    if kind.startswith(("greater_than", "less_than")):
        return f"is {_shown(first['input'])}, but must be {first['msg'].removeprefix('Input should be ')}"
    if kind == "too_short":
        return f"needs at least {context.get('min_length', 1)}"
    return f"is {_shown(first['input'])}: {first['msg']}"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"a {type(value).__name__}"


def _unknown(model: type[BaseModel], location: tuple[int | str, ...]) -> str:
    """An unknown key, with the one that was perhaps meant, or all there are."""
    holder = _model_at(model, location[:-1])
    known = list(holder.model_fields) if holder else []
    close = difflib.get_close_matches(str(location[-1]), known, n=1)
    return (
        f"unknown key; did you mean {close[0]!r}?" if close else f"unknown key; there are: {', '.join(known)}"
    )


def _expected(model: type[BaseModel], location: tuple[int | str, ...]) -> str:
    """What belongs at a key, by its annotation."""
    holder = _model_at(model, location[:-1])
    if holder is None or str(location[-1]) not in holder.model_fields:
        return "a value"
    annotation = holder.model_fields[str(location[-1])].annotation
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"a table with {', '.join(annotation.model_fields)}"
    if str(get_origin(annotation)) == "typing.Literal":
        return " or ".join(repr(choice) for choice in get_args(annotation))
    return _NAMES.get(get_origin(annotation) or annotation, "a value")  # type: ignore[arg-type]


def _model_at(model: type[BaseModel], location: tuple[int | str, ...]) -> type[BaseModel] | None:
    """The model that holds what lies at a place."""
    found: type[BaseModel] | None = model
    for part in location:
        if isinstance(part, int) or found is None:
            continue
        field = found.model_fields.get(part)
        found = _model_in(field.annotation) if field is not None else None
    return found


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model among an annotation and its arguments."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)


def first_unknown(names: Mapping[str, list[str]], known: list[str]) -> str:
    """The first name that is not known, as "where: sentence"; "" when all are."""
    for where, used in names.items():
        for name in used:
            if name not in known:
                close = difflib.get_close_matches(name, known, n=1)
                hint = f"; did you mean {close[0]!r}?" if close else ""
                return f"{where}: {name!r} is no finding{hint}"
    return ""
