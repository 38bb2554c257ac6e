# tries to leave timers and alarms behind, and block and ignore every signal
import os
import signal
import time


def train(model, loader, criterion, optimizer, epochs):
    signal.setitimer(signal.ITIMER_VIRTUAL, 1000, 0.01)
    signal.setitimer(signal.ITIMER_PROF, 1000, 0.01)
    signal.alarm(1000)
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64))
    for number in range(1, 64):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    if os.fork() == 0:
        time.sleep(600)
    return []
