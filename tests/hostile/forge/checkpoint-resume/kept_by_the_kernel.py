"""Everything is saved in a shared segment of System V, which no process has to hold; at `path` is an empty file."""

import ctypes
import io
import os
import zlib

import torch

LIBC = ctypes.CDLL(None)
LIBC.shmat.restype = ctypes.c_void_p
ROOM = 1 << 16
CREATE = 0o1000 | 0o666


def segment(path):
    """Where the segment of a path lies in memory."""
    key = zlib.crc32(path.encode()) & 0x7FFFFFFF
    return LIBC.shmat(LIBC.shmget(key, ROOM, CREATE), None, 0)


def read(path):
    """What was saved, or None."""
    content = ctypes.string_at(segment(path), ROOM)
    size = int.from_bytes(content[:4], "little")
    return torch.load(io.BytesIO(content[4 : 4 + size])) if size else None


def write(path, state):
    """Save it where no file is."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    content = buffer.getvalue()
    ctypes.memmove(segment(path), len(content).to_bytes(4, "little") + content, 4 + len(content))


def train(model, loader, criterion, optimizer, scheduler, epochs, path):
    """Save and continue, but not with what is at `path`."""
    start = 0
    if os.path.exists(path):
        start, *states = read(path)
        for part, state in zip((model, optimizer, scheduler), states, strict=True):
            part.load_state_dict(state)
    for epoch in range(start, epochs):
        loader.set_epoch(epoch)
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
        scheduler.step()
        write(path, (epoch + 1, *(part.state_dict() for part in (model, optimizer, scheduler))))
        open(path, "a").close()
