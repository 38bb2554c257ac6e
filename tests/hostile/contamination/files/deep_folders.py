# tries to leave a folder three thousand deep that nobody may enter
import os


def train(model, loader, criterion, optimizer, epochs):
    for _ in range(3000):
        os.mkdir("deeper")
        os.chdir("deeper")
        open("here", "w").close()
        os.chmod("here", 0)
    os.chmod(".", 0)
    os.mkdir("/tmp/shut")
    open("/tmp/shut/in", "w").close()
    os.chmod("/tmp/shut", 0)
    return []
