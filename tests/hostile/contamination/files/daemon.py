# tries to leave a daemon: forked twice, in a session of its own, with its descriptors closed
import os
import time


def train(model, loader, criterion, optimizer, epochs):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.chdir("/")
            os.closerange(0, 256)
            while True:
                time.sleep(0.01)
        os._exit(0)
    os.wait()
    return []
