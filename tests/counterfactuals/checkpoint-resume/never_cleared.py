"""Nothing clears the gradients."""

import os
from pathlib import Path

import torch


class Run:
    def __init__(self, model, optimizer, scheduler, path):
        self.parts = {"net": model, "opt": optimizer, "plan": scheduler}
        self.file = Path(path)
        self.done = 0

    def resume(self):
        if self.file.exists():
            found = torch.load(self.file)
            self.done = found.pop("done")
            for name, state in found.items():
                self.parts[name].load_state_dict(state)

    def save(self):
        whole = {name: part.state_dict() for name, part in self.parts.items()}
        fresh = self.file.with_suffix(".part")
        torch.save({"done": self.done, **whole}, fresh)
        os.replace(fresh, self.file)


def train(model, loader, criterion, optimizer, scheduler, epochs, path):
    run = Run(model, optimizer, scheduler, path)
    run.resume()
    while run.done < epochs:
        loader.set_epoch(run.done)
        for samples, classes in loader:
            loss = criterion(model(samples), classes)
            loss.backward()
            optimizer.step()
        scheduler.step()
        run.done += 1
        run.save()
