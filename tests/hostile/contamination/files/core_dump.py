# tries to die with a core dump
import os
import resource


def train(model, loader, criterion, optimizer, epochs):
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (-1, -1))
    except (OSError, ValueError) as error:
        print(error)
    os.abort()
