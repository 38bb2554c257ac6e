# tries to leave threads that never end
import threading
import time


def spin():
    while True:
        time.sleep(0.001)


def train(model, loader, criterion, optimizer, epochs):
    for number in range(20):
        threading.Thread(target=spin, daemon=number % 2 == 0).start()
    return []
