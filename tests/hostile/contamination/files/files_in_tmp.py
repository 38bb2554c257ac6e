# tries to leave files and folders in /tmp and beside the private folder
import os


def train(model, loader, criterion, optimizer, epochs):
    for place in ("/tmp", "/var/tmp", os.path.dirname(os.getcwd())):
        try:
            os.makedirs(f"{place}/left/behind", exist_ok=True)
            with open(f"{place}/left/behind/answer.txt", "w") as file:
                file.write("the line is y = 2x + 1")
            os.symlink("/etc/passwd", f"{place}/link")
            os.mkfifo(f"{place}/pipe")
        except OSError as error:
            print(place, error)
    return []
