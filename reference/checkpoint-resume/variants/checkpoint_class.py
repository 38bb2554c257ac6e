"""A class keeps the checkpoint; pathlib, pickle, a temporary file."""

import pickle
import tempfile
from pathlib import Path


class Checkpoint:
    def __init__(self, path, **parts):
        self.path = Path(path)
        self.parts = parts

    def load(self):
        if not self.path.exists():
            return -1
        with self.path.open("rb") as file:
            saved = pickle.load(file)
        for name, part in self.parts.items():
            part.load_state_dict(saved[name])
        return saved["epoch"]

    def save(self, epoch):
        saved = {name: part.state_dict() for name, part in self.parts.items()}
        saved["epoch"] = epoch
        with tempfile.NamedTemporaryFile(dir=self.path.parent, delete=False) as file:
            pickle.dump(saved, file)
        Path(file.name).replace(self.path)


def train(model, loader, criterion, optimizer, scheduler, epochs, path):
    checkpoint = Checkpoint(path, model=model, optimizer=optimizer, scheduler=scheduler)
    epoch = checkpoint.load() + 1
    while epoch < epochs:
        loader.set_epoch(epoch)
        for batch, target in loader:
            model.zero_grad()
            criterion(model(batch), target).backward()
            optimizer.step()
        scheduler.step()
        checkpoint.save(epoch)
        epoch += 1
