"""An honest loop that also tells all it can see of its surroundings, so that whatever was left shows in its report."""

import fcntl
import gc
import locale
import os
import resource
import signal
import socket
import sys
import threading
import time
import warnings

import torch


def tell():
    """Print it, in an order that does not change."""
    hidden = {"PWD", "HOME"}
    print("environment", sorted(item for item in os.environ.items() if item[0] not in hidden))
    print(
        "here",
        sorted(os.listdir(".")),
        oct(os.umask(0o22)),
        os.nice(0),
        locale.setlocale(locale.LC_ALL),
        time.tzname,
    )
    for place in (
        "/tmp",
        "/var/tmp",
        "/dev/shm",
        "/dev/mqueue",
        "/",
        "/opt/metronome",
        "/opt/metronome/sandbox",
    ):
        print(place, sorted(os.listdir(place)) if os.path.isdir(place) else None)
    print("beside", len(os.listdir("..")))
    for place in (".", "/tmp", "/dev/shm"):
        space = os.statvfs(place)
        print(place, space.f_blocks, space.f_bfree, space.f_files, space.f_ffree)
    for kind in ("shm", "sem", "msg"):
        with open(f"/proc/sysvipc/{kind}") as file:
            print(kind, len(file.readlines()))
    print("processes", sum(name.isdigit() for name in os.listdir("/proc")), os.getppid())
    print("descriptors", sorted(os.listdir("/proc/self/fd")))
    print("threads", threading.active_count(), len(os.listdir("/proc/self/task")), torch.get_num_threads())
    print(
        "signals",
        [signal.getsignal(number) in (0, 1) for number in (1, 2, 13, 15, 17)],
        signal.pthread_sigmask(0, []),
    )
    print(
        "limits", [resource.getrlimit(getattr(resource, name)) for name in ("RLIMIT_NPROC", "RLIMIT_NOFILE")]
    )
    print("processors", sorted(os.sched_getaffinity(0)), resource.getrlimit(resource.RLIMIT_CORE))
    print("path", sys.path[1:], gc.isenabled(), len(warnings.filters), sys.stdin.read())
    print("torch", torch.get_default_dtype(), torch.is_grad_enabled(), torch.initial_seed())
    for port in (5000, 5010):
        socket.create_server(("127.0.0.1", port)).close()
    with socket.socket(socket.AF_UNIX) as named:
        named.bind("\0metronome")
    for module in ("torch", "json", "sandbox.zygote"):
        with open(sys.modules[module].__file__ if module in sys.modules else os.__file__, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def train(model, loader, criterion, optimizer, epochs):
    """The five lines."""
    tell()
    averages = []
    for _ in range(epochs):
        total, points = 0.0, 0
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(x)
            points += len(x)
        averages.append(total / points)
    return averages
