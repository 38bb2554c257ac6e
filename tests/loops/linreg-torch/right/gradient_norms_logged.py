import logging
import torch

log = logging.getLogger(__name__)


def grad_norm(model):
    return torch.sqrt(sum((p.grad ** 2).sum() for p in model.parameters() if p.grad is not None)).item()


def train(model, loader, criterion, optimizer, epochs):
    hist = {"loss": [], "gnorm": []}
    for ep in range(epochs):
        bl, gn = [], []
        for xb, yb in loader:
            pred = model(xb)
            loss = criterion(pred, yb)
            optimizer.zero_grad()
            loss.backward()
            gn.append(grad_norm(model))
            optimizer.step()
            bl.append(loss.item())
        hist["loss"].append(sum(bl) / len(bl))
        hist["gnorm"].append(sum(gn) / len(gn))
        log.info("epoch %d loss %.4f |g| %.4f", ep, hist["loss"][-1], hist["gnorm"][-1])
    return hist["loss"]
