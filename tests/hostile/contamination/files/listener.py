# tries to keep listening on ports of this machine, and on a socket in /tmp
import os
import socket
import time


def train(model, loader, criterion, optimizer, epochs):
    kept = []
    for port in range(5000, 5020):
        try:
            kept.append(socket.create_server(("127.0.0.1", port)))
        except OSError as error:
            print(error)
    path = socket.socket(socket.AF_UNIX)
    path.bind("/tmp/socket")
    path.listen()
    if os.fork() == 0:
        time.sleep(600)
    return []
