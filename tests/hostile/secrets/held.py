"""A submission that puts controls wherever it can, and holds still until it is told to go on."""

import hashlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def control(place):
    """32 bytes that are written down nowhere; the test computes them, too."""
    return hashlib.sha256(f"control: {place}".encode()).digest()


kept = control("memory"), int.from_bytes(control("number"), "big"), control("text").hex()
Path("control").write_bytes(control("file"))
Path("/dev/shm/control").write_bytes(control("shared memory"))
nameless = tempfile.TemporaryFile(dir="/tmp", buffering=0)  # noqa: SIM115 - it stays open
nameless.write(control("nameless file"))
unnamed = os.memfd_create("control")
os.write(unnamed, control("memory file"))
code = "import sys; print('here', flush=True); sys.stdin.read()"
other = subprocess.Popen(
    [sys.executable, "-S", "-c", code, control("arguments").hex()],
    env={"CONTROL": control("environment").hex()},
    stdin=subprocess.PIPE,
    stdout=subprocess.PIPE,
)
other.stdout.readline()

Path("held").touch()
while not Path("go").exists():
    time.sleep(0.05)
raise RuntimeError("gone on")
