"""Where nothing is told of a program, the trace is the very same but for the program."""

from __future__ import annotations

import json
import textwrap

import pytest
import torch

from sandbox import trace
from tests.sandbox.spies.test_steady import LOOPS, SETUP, account, accounted
from tests.sandbox.watching import Script, Seen, watch

pytestmark = pytest.mark.xdist_group("steady")

PROGRAM = ("Script", "Program")


def run(loop: str, *, silent: bool, script: Script | None = None) -> Seen:
    torch.manual_seed(3)
    guarded = (
        "try:\n" + textwrap.indent(textwrap.dedent(loop), "    ") + "\nexcept ZeroDivisionError:\n    pass\n"
    )
    return watch(guarded, setup=SETUP, shapes=[[8, 4], [8], [1, 8], [1]], silent=silent, script=script)


def without_program(told: list[str]) -> list[str]:
    return [record for record in told if json.loads(record)["kind"] not in PROGRAM]


@pytest.mark.parametrize("name", LOOPS)
def test_the_trace_is_the_same_but_for_the_program(name: str) -> None:
    told, silent = accounted(name, silent=False), accounted(name, silent=True)
    assert silent == without_program(told)
    assert len(told) > len(silent)
    kinds = {record["kind"]: record for record in map(json.loads, silent)}
    assert "Failure" not in kinds
    assert kinds["End"]["steps"] > 0


@pytest.mark.parametrize("name", ["plain", "validation", "closures", "it crashes"])
def test_so_it_is_where_a_script_s_making_is_told(name: str) -> None:
    told, silent = (run(LOOPS[name], silent=silent, script=Script()) for silent in (False, True))
    assert account(silent) == without_program(account(told))
    assert silent.of(trace.Initial) == told.of(trace.Initial) != []
    assert not silent.of(trace.Failure)
