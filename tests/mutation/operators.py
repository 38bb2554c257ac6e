"""The AST mutator: for each operator, every mutant of a torch loop, always the same ones in the same order.

    clip, unscale, schedule, mode   that beat dropped, moved, doubled, re-indented (mode: also toggled)
    drop, duplicate, swap           any other beat left out, done twice, or changed with the next one
    reindent, move                  … out of its block or into the neighbouring one; to another place of its body
    shuffle, divisor, no-grad       shuffle= turned over; `/ k` dropped or multiplied; `with no_grad()` taken away
    item, softmax, loader           .item()/.detach() added or removed; softmax before the loss; loaders exchanged

What does not parse, equals the original tree, or equals a mutant before it, is not enumerated.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tests.mutation.beats import COMPOUND, SCOPES, Body, bodies, call_kind, kinds, own_nodes, words

Edit = Callable[[ast.Module], None]
Change = tuple[str, Edit]
"""What it does in words, and the function that does it to a copy of the tree."""

LOADER_WORDS = ("loader",)


@dataclass(frozen=True)
class Mutant:
    """One broken copy of a file.  `file` is its name within reference/<slug>/."""

    operator: str
    slug: str
    file: str
    description: str
    source: str

    @property
    def name(self) -> str:
        """Operator, file and description, as one line."""
        return f"{self.operator}: {self.slug}/{self.file}: {self.description}"


def mutants(source: str, slug: str = "", file: str = "") -> Iterator[Mutant]:
    """Every mutant of a file."""
    tree = ast.parse(source)
    seen = {ast.dump(tree)}
    for operator, enumerate_changes in OPERATORS.items():
        for description, edit in enumerate_changes(tree):
            changed = copy.deepcopy(tree)
            before = bodies(changed)
            edit(changed)
            for body in before:
                if not body:
                    body.append(ast.Pass())
            try:
                text = ast.unparse(ast.fix_missing_locations(changed))
                dumped = ast.dump(ast.parse(text))
            except (SyntaxError, ValueError):
                continue
            if dumped not in seen:
                seen.add(dumped)
                yield Mutant(operator, slug, file, description, text + "\n")


# ── whole statements ─────────────────────────────────────────────────────────────────────────────


def _beats(tree: ast.Module, wanted: Callable[[frozenset[str]], bool]) -> Iterator[tuple[int, int, ast.stmt]]:
    """Body number, place and statement of every beat whose kinds are wanted."""
    for number, body in enumerate(bodies(tree)):
        for place, statement in enumerate(body):
            found = kinds(statement)
            if found and wanted(found):
                yield number, place, statement


def _at(statement: ast.stmt) -> str:
    return f"`{words(statement)}` (line {statement.lineno})"


def _drops(tree: ast.Module, wanted: Callable[[frozenset[str]], bool]) -> Iterator[Change]:
    for number, place, statement in _beats(tree, wanted):

        def edit(copied: ast.Module, number: int = number, place: int = place) -> None:
            del bodies(copied)[number][place]

        yield f"drop {_at(statement)}", edit


def _duplicates(tree: ast.Module, wanted: Callable[[frozenset[str]], bool]) -> Iterator[Change]:
    for number, place, statement in _beats(tree, wanted):

        def edit(copied: ast.Module, number: int = number, place: int = place) -> None:
            body = bodies(copied)[number]
            body.insert(place, copy.deepcopy(body[place]))

        yield f"double {_at(statement)}", edit


def _swaps(tree: ast.Module, wanted: Callable[[frozenset[str]], bool]) -> Iterator[Change]:
    for number, body in enumerate(bodies(tree)):
        places = [place for place, statement in enumerate(body) if kinds(statement)]
        for one, two in pairwise(places):
            if not (wanted(kinds(body[one])) or wanted(kinds(body[two]))):
                continue

            def edit(copied: ast.Module, number: int = number, one: int = one, two: int = two) -> None:
                inside = bodies(copied)[number]
                inside[one], inside[two] = inside[two], inside[one]

            yield f"swap {_at(body[one])} and {_at(body[two])}", edit


def _moves(tree: ast.Module, wanted: Callable[[frozenset[str]], bool]) -> Iterator[Change]:
    for number, place, statement in _beats(tree, wanted):
        body = bodies(tree)[number]
        for target in range(len(body)):
            if target == place:
                continue

            def edit(
                copied: ast.Module, number: int = number, place: int = place, target: int = target
            ) -> None:
                inside = bodies(copied)[number]
                inside.insert(target, inside.pop(place))

            where = "behind" if target > place else "before"
            yield f"move {_at(statement)} {where} line {body[target].lineno}", edit


def _reindents(tree: ast.Module, wanted: Callable[[frozenset[str]], bool]) -> Iterator[Change]:
    """Out of the block a beat stands in, to before and behind it; into the block before or behind it."""
    everything = bodies(tree)
    for number, place, statement in _beats(tree, wanted):
        yield from _outwards(everything, number, place, statement)
        yield from _inwards(everything, number, place, statement)


def _outwards(everything: list[Body], number: int, place: int, statement: ast.stmt) -> Iterator[Change]:
    home = everything[number]
    for parent, body in enumerate(everything):
        for at, block in enumerate(body):
            if not isinstance(block, COMPOUND) or not any(home is own for own in _blocks(block)):
                continue
            for offset, where in ((0, "before"), (1, "behind")):

                def edit(
                    copied: ast.Module, parent: int = parent, at: int = at, offset: int = offset
                ) -> None:
                    now = bodies(copied)
                    now[parent].insert(at + offset, now[number].pop(place))

                yield f"move {_at(statement)} out of its block, {where} line {block.lineno}", edit


def _inwards(everything: list[Body], number: int, place: int, statement: ast.stmt) -> Iterator[Change]:
    body = everything[number]
    for neighbour in (place - 1, place + 1):
        if not 0 <= neighbour < len(body):
            continue
        block = body[neighbour]
        if not isinstance(block, COMPOUND) or kinds(block):
            continue
        target = next(index for index, other in enumerate(everything) if other is block.body)
        for first in (True, False):

            def edit(copied: ast.Module, target: int = target, first: bool = first) -> None:
                now = bodies(copied)
                inside = now[target]
                moved = now[number].pop(place)
                inside.insert(0 if first else len(inside), moved)

            where = "start" if first else "end"
            yield f"move {_at(statement)} into the {where} of the block at line {block.lineno}", edit


def _blocks(block: ast.stmt) -> Iterator[Body]:
    for field in ("body", "orelse", "finalbody"):
        yield getattr(block, field, [])
    for handler in getattr(block, "handlers", []):
        yield handler.body


def _statements(*makers: Callable[..., Iterator[Change]], only: str = "") -> Callable[..., Iterator[Change]]:
    """An operator over whole statements: those of one kind, or all beats."""

    def enumerate_changes(tree: ast.Module) -> Iterator[Change]:
        for maker in makers:
            yield from maker(tree, lambda found: not only or only in found)

    return enumerate_changes


# ── inside statements ────────────────────────────────────────────────────────────────────────────


def _replacing(tree: ast.Module, node: ast.AST, make: Callable[[Any], ast.AST]) -> Edit:
    """An edit that puts `make(node)` in a node's place, wherever that is."""
    position = next(index for index, other in enumerate(ast.walk(tree)) if other is node)

    def edit(copied: ast.Module) -> None:
        nodes = list(ast.walk(copied))
        target = nodes[position]
        for parent in nodes:
            for field, value in ast.iter_fields(parent):
                if value is target:
                    setattr(parent, field, make(target))
                    return
                if isinstance(value, list) and any(item is target for item in value):
                    value[[item is target for item in value].index(True)] = make(target)
                    return

    return edit


def _line(node: ast.AST) -> str:
    return f"`{words(node)}` (line {getattr(node, 'lineno', 0)})"


def _rewritten(text: str) -> Callable[[Any], ast.AST]:
    """A maker of the expression `text`, in which names stand for parts of the node it replaces.

    IT the node, HOST what its method is called on, FIRST its first argument, LEFT and RIGHT its operands.
    """

    def make(node: Any) -> ast.AST:
        parts = {"IT": node, "LEFT": getattr(node, "left", None), "RIGHT": getattr(node, "right", None)}
        if isinstance(node, ast.Call):
            parts["HOST"] = getattr(node.func, "value", None)
            parts["FIRST"] = next(iter(node.args), None)

        class Fill(ast.NodeTransformer):
            def visit_Name(self, name: ast.Name) -> ast.AST:
                return parts.get(name.id) or name

        filled: ast.AST = Fill().visit(ast.parse(text, mode="eval").body)
        return filled

    return make


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _toggled_modes(tree: ast.Module) -> Iterator[Change]:
    for call in _calls(tree):
        if call_kind(call) == "mode":
            other = "eval" if ast.unparse(call.func).endswith("train") else "train"
            made = _replacing(tree, call, _rewritten(f"HOST.{other}()"))
            yield f"turn {_line(call)} into {other}()", made


def _shuffles(tree: ast.Module) -> Iterator[Change]:
    for call in _calls(tree):
        given = {keyword.arg: keyword.value for keyword in call.keywords}
        name = ast.unparse(call.func).rpartition(".")[2]
        shuffle = given.get("shuffle")
        if isinstance(shuffle, ast.Constant):
            flipped = not shuffle.value
            yield f"shuffle={flipped} in {_line(call)}", _replacing(tree, shuffle, _rewritten(str(flipped)))
        elif name == "DataLoader" and not given.keys() & {"shuffle", "sampler", "batch_sampler"}:
            yield f"shuffle=True in {_line(call)}", _replacing(tree, call, _with_shuffle)
        if name == "randperm":
            in_order = ast.unparse(call.func)[: -len(name)] + "arange"
            yield f"arange for {_line(call)}", _replacing(tree, call.func, _rewritten(in_order))
        if name == "RandomSampler":
            in_order = "__import__('torch').utils.data.SequentialSampler(FIRST)"
            yield f"SequentialSampler for {_line(call)}", _replacing(tree, call, _rewritten(in_order))


def _with_shuffle(node: ast.AST) -> ast.AST:
    assert isinstance(node, ast.Call)
    node.keywords.append(ast.keyword(arg="shuffle", value=ast.Constant(True)))
    return node


def _divisors(tree: ast.Module) -> Iterator[Change]:
    """Divisors of what goes backward: in a loss, before backward, of a gradient."""
    carried = _sent_backward(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.stmt) or isinstance(node, (*COMPOUND, *SCOPES)):
            continue
        targets = {
            ast.unparse(target)
            for target in getattr(node, "targets", [getattr(node, "target", None)])
            if target
        }
        if not ({"backward", "average"} & kinds(node) or targets & carried):
            continue
        yield from _division(tree, node)


def _division(tree: ast.Module, statement: ast.stmt) -> Iterator[Change]:
    for node in own_nodes(statement):
        method = node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else ""
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            yield f"no divisor in {_line(node)}", _replacing(tree, node, _rewritten("LEFT"))
            yield f"multiply instead in {_line(node)}", _replacing(tree, node, _rewritten("LEFT * RIGHT"))
            yield f"half of {_line(node)}", _replacing(tree, node, _rewritten("LEFT / (RIGHT * 2)"))
        elif method in ("div_", "div"):
            other = method.replace("div", "mul")
            edit = _replacing(tree, node, _rewritten(f"HOST.{other}(FIRST)"))
            yield f"multiply instead in {_line(node)}", edit
    if isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Div):
        yield f"multiply instead in {_line(statement)}", _replacing(tree, statement.op, lambda _: ast.Mult())


def _sent_backward(tree: ast.Module) -> set[str]:
    """The names that a backward is called on, or that autograd.grad or scaler.scale gets."""
    found = set()
    for call in _calls(tree):
        if call_kind(call) == "backward" or ast.unparse(call.func).endswith(".scale"):
            found |= {node.id for node in ast.walk(call) if isinstance(node, ast.Name)}
    return found


def _no_grads(tree: ast.Module) -> Iterator[Change]:
    for node in ast.walk(tree):
        if isinstance(node, ast.With) and any(_is_no_grad(item.context_expr) for item in node.items):
            edit = _replacing(tree, node, lambda item: ast.If(ast.Constant(True), item.body, []))
            yield f"take away {_line(node.items[0].context_expr)}", edit
        for decorator in getattr(node, "decorator_list", []):
            if _is_no_grad(decorator):
                edit = _replacing(tree, decorator, _rewritten("(lambda function: function)"))
                yield f"take away {_line(decorator)}", edit


def _is_no_grad(node: ast.AST) -> bool:
    return any(word in ast.unparse(node) for word in ("no_grad", "inference_mode"))


def _items(tree: ast.Module) -> Iterator[Change]:
    for call in _calls(tree):
        function = call.func
        if isinstance(function, ast.Attribute) and function.attr in ("item", "detach") and not call.args:
            other = "detach" if function.attr == "item" else "item"
            bare = _replacing(tree, call, _rewritten("HOST"))
            yield f"no .{function.attr}() in {_line(call)}", bare
            yield f".{other}() in {_line(call)}", _replacing(tree, call, _rewritten(f"HOST.{other}()"))
        if call_kind(call) in ("loss", "forward"):
            for method in ("detach", "item"):
                edit = _replacing(tree, call, _rewritten(f"IT.{method}()"))
                yield f".{method}() behind {_line(call)}", edit


def _softmaxes(tree: ast.Module) -> Iterator[Change]:
    for call in _calls(tree):
        if call_kind(call) == "loss" and len(call.args) >= 2:
            for method in ("softmax(-1)", "sigmoid()"):
                edit = _replacing(tree, call.args[0], _rewritten(f"IT.{method}"))
                yield f"{method} before {_line(call)}", edit


def _loaders(tree: ast.Module) -> Iterator[Change]:
    """Another loader's name in a loop's head, for every pair of loaders the file knows."""
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    loaders = sorted(name for name in names if name.lower().endswith(LOADER_WORDS) and name[0].islower())
    for node in ast.walk(tree):
        if not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Load) or node.id not in loaders:
            continue
        for other in loaders:
            if other != node.id:
                edit = _replacing(tree, node, _rewritten(other))
                yield f"{other} for {_line(node)} column {node.col_offset}", edit


ALL = (_drops, _swaps, _duplicates, _reindents, _moves)
OPERATORS: dict[str, Callable[..., Iterator[Change]]] = {
    "clip": _statements(*ALL, only="clip"),
    "unscale": _statements(*ALL, only="unscale"),
    "schedule": _statements(*ALL, only="schedule"),
    "toggle": _toggled_modes,
    "mode": _statements(*ALL, only="mode"),
    "shuffle": _shuffles,
    "divisor": _divisors,
    "no-grad": _no_grads,
    "item": _items,
    "softmax": _softmaxes,
    "loader": _loaders,
    "drop": _statements(_drops),
    "swap": _statements(_swaps),
    "duplicate": _statements(_duplicates),
    "reindent": _statements(_reindents),
    "move": _statements(_moves),
}
