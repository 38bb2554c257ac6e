"""Findings about what ends a run early."""

from __future__ import annotations

from grader.catalogue.entry import Entry

ENTRIES: dict[str, Entry] = {
    "unreadable-file": Entry(
        "error",
        "The file cannot be read as Python source",
        "Nothing could be run.",
        "Hand in one plain Python file, saved as UTF-8.",
    ),
    "syntax-error": Entry(
        "error",
        "The file is not valid Python",
        "Python reads the whole file before it runs any of it.",
        "Read the line named here and the one before it: a missing bracket, quote or colon.",
    ),
    "import-error": Entry(
        "error",
        "An import fails",
        "The sandbox holds Python's standard library, torch, torchvision, numpy and Pillow, and nothing else.",
        "Use only these packages, and check the spelling of the name.  Only this one file is handed in: put helpers "
        "into it.",
    ),
    "shape-mismatch": Entry(
        "error",
        "Two shapes do not fit together",
        "A layer, a loss or a sum takes tensors of certain shapes only.  The first that does not fit ends the program.",
        "Print `.shape` of both right before the line named here.  Images often need `.flatten(1)` before a linear "
        "layer, and targets `.squeeze(1)` or `.unsqueeze(1)` to match predictions.",
    ),
    "wrong-device": Entry(
        "error",
        "Two tensors of one computation are on different devices",
        "A GPU cannot see the computer's main memory, so all that a computation needs must be on one device.",
        "Move the model once, `model.to(device)`, before the optimizer is made, and every batch inside the loop: "
        "`x, y = x.to(device), y.to(device)`.",
    ),
    "crashed": Entry(
        "error",
        "The program stops with an error",
        "The program stopped before it was finished, so it could not be judged.",
        "Run the file at home until it ends by itself; the last line named here is where it stopped.",
    ),
    "wrong-signature": Entry(
        "error",
        "The function cannot be called as the exercise says",
        "The grader calls your function with the arguments that the exercise names.",
        "Keep the function's name and parameters as the exercise gives them.",
    ),
    "timed-out": Entry(
        "error",
        "The program does not end in time",
        "The run was stopped at its deadline.  A loop that never ends looks the same as one that is very slow.",
        "Check that every loop ends: over epochs, over batches, and each `while`.",
    ),
    "memory-exceeded": Entry(
        "error",
        "The program uses too much memory",
        "The run was stopped at its memory limit.",
        "Look for lists that grow with every step, and for tensors that are much larger than they need to be.",
    ),
    "output-exceeded": Entry(
        "error",
        "The program prints too much",
        "The run was stopped because of its output.",
        "Print once per epoch, not in every step.",
    ),
}
