# tries to change the environment, the working folder, the umask, the locale and the priority
import locale
import os
import time


def train(model, loader, criterion, optimizer, epochs):
    os.environ.update(OMP_NUM_THREADS="7", PYTHONPATH="/tmp", LD_PRELOAD="/tmp/x.so", TZ="Asia/Tokyo")
    time.tzset()
    os.umask(0o777)
    os.chdir("/")
    os.nice(19)
    locale.setlocale(locale.LC_ALL, "C.UTF-8")
    return []
