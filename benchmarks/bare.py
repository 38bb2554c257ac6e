"""Runs a file of linreg-torch bare: it makes the exercise's data and arguments, and calls `train` on them."""

import runpy
import sys
import tempfile
from pathlib import Path

exercise = Path(__file__).parents[1] / "exercises" / "linreg-torch"
task, model = (runpy.run_path(str(exercise / name)) for name in ("task.py", "model.py"))
training, _, parameters = task["draw"]({"train": 1, "hidden": 2}, None)
with tempfile.TemporaryDirectory() as folder:
    for name, content in training.items():
        Path(folder, name).write_bytes(content)
    arguments = model["make"](Path(folder), {"init": 3, "order": 4}, parameters)
    runpy.run_path(sys.argv[1])["train"](*arguments.values())
