# tries to do its work when the process ends: by atexit, in a finalizer, and in threads
import atexit
import os
import threading
import time


class Last:
    def __del__(self):
        open("/tmp/finalized", "w").close()


def later():
    time.sleep(0.2)
    open("/tmp/later", "w").close()


def leave():
    open("/tmp/exited", "w").close()
    if os.fork() == 0:
        time.sleep(600)


def train(model, loader, criterion, optimizer, epochs):
    atexit.register(leave)
    train.last = Last()
    threading.Thread(target=later).start()
    return []
