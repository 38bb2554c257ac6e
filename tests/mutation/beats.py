"""Finds the beats in a loop's syntax tree, in all their spellings.

A beat has a *kind*: clear, forward, loss, backward, average, clip, unscale, step, scaler-update, update (of
parameters by hand), schedule, mode, set-epoch, draw, state (load_state_dict and the like).  A statement may hold
several: `criterion(model(x), y).backward()` is forward, loss and backward in one.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

Body = list[ast.stmt]

LOSSES = ("criterion", "loss_fn", "cross_entropy", "mse_loss", "nll_loss", "binary_cross_entropy", "l1_loss")
MODELS = ("model", "net", "network", "functional_call")
IN_PLACE = ("add_", "sub_", "mul_", "copy_", "lerp_", "addcdiv_")
COMPOUND = (ast.For, ast.While, ast.If, ast.With, ast.Try)
LOOPS = (ast.For, ast.While)
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
UNITS = ({"clear"}, {"update"}, {"average"}, {"schedule"}, {"update", "clear"})
"""Kinds of leaves that make a whole compound statement one beat, as `for p in …: p.grad = None`."""


def bodies(tree: ast.AST) -> list[Body]:
    """Every list of statements in a tree, in a fixed order; the lists themselves, to be edited."""
    found: list[Body] = []
    for node in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            value = getattr(node, field, None)
            if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                found.append(value)
    return found


def own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """A node and all below it, without what stands inside functions, lambdas and classes."""
    yield node
    if isinstance(node, SCOPES):
        return
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, SCOPES):
            yield from own_nodes(child)


def kinds(statement: ast.stmt) -> frozenset[str]:
    """The kinds of a statement that is a beat; empty for others, and for compound ones that are not a unit."""
    if isinstance(statement, SCOPES):
        return frozenset()
    if isinstance(statement, COMPOUND):
        leaves = [frozenset(_leaf(leaf)) for leaf in _leaves(statement)]
        together = frozenset().union(*leaves)
        return together if leaves and all(leaves) and together in UNITS else frozenset()
    return frozenset(_leaf(statement))


def _leaves(statement: ast.stmt) -> Iterator[ast.stmt]:
    for field in ("body", "orelse", "handlers", "finalbody"):
        for inner in getattr(statement, field, []):
            if isinstance(inner, (*COMPOUND, ast.ExceptHandler)):
                yield from _leaves(inner)  # type: ignore[arg-type]
            else:
                yield inner


def _leaf(statement: ast.stmt) -> set[str]:
    found: set[str] = set()
    if isinstance(statement, ast.Assign):
        for target in statement.targets:
            if isinstance(target, ast.Attribute) and target.attr == "grad":
                found.add("clear" if _is_none(statement.value) else "average")
            if isinstance(target, ast.Subscript) and _constant(target.slice) == "lr":
                found.add("schedule")
    if isinstance(statement, ast.AugAssign):
        text = ast.unparse(statement.target)
        if text.endswith(".grad"):
            found.add("average")
        elif isinstance(statement.op, ast.Sub) and not isinstance(statement.value, ast.Constant):
            found.add("update")
        elif isinstance(statement.op, ast.Div) and text.endswith("loss"):
            found.add("average")
    for node in own_nodes(statement):
        if isinstance(node, ast.Call) and (kind := call_kind(node)):
            found.add(kind)
    return found


def call_kind(call: ast.Call) -> str:
    """The kind of one call, "" when it is no beat."""
    name = ast.unparse(call.func)
    if "\n" in name or len(name) > 200:
        return ""
    base, _, last = name.rpartition(".")
    if last in ("zero_", "detach_") and ".grad" in base:
        return "clear"
    if last in ("div_", "mul_") and base.endswith(".grad"):
        return "average"
    if last == "step":
        return "schedule" if _is_scheduler(base) else "step"
    if last == "update" and "scaler" in base:
        return "scaler-update"
    if last in ("train", "eval") and base.rpartition(".")[2] in (*MODELS, "teacher"):
        return "mode"
    if last.startswith("clip_grad_"):
        return "clip"
    if last in IN_PLACE and isinstance(call.func, ast.Attribute) and _is_parameter(base):
        return "update"
    if last == "grad" and (base.endswith("autograd") or not base):
        return "backward"
    if last in LOSSES or "criterion" in last or last in ("loss_function", "compute_loss", "summed"):
        return "loss"
    if last in MODELS:
        return "forward"
    if last in ("iter", "next") and not base:
        return "draw"
    return PLAIN.get(last, "")


PLAIN = {
    "zero_grad": "clear",
    "backward": "backward",
    "unscale_": "unscale",
    "set_epoch": "set-epoch",
    "load_state_dict": "state",
    "get_batch": "draw",
}


def _is_scheduler(base: str) -> bool:
    return any(word in base.lower() for word in ("sched", "warm", "cosine", "plateau", "lr_"))


def _is_parameter(base: str) -> bool:
    words = ("param", "weight", "bias", ".data", "slow")
    return base in ("p", "w", "b") or (any(word in base for word in words) and ".grad" not in base)


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _constant(node: ast.AST) -> object:
    return node.value if isinstance(node, ast.Constant) else None


def words(node: ast.AST, most: int = 60) -> str:
    """A node as one short line of source."""
    text = ast.unparse(node).replace("\n", " ")
    return text if len(text) <= most else text[: most - 1] + "…"


def ends_a_body(statement: ast.stmt) -> bool:
    """Whether nothing after it in its body is reached."""
    return isinstance(statement, (ast.Return, ast.Raise, ast.Break, ast.Continue))
