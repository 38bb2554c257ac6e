"""A whole training run as one would write it for production, on any device."""

import torch
from torch import nn

MAX_NORM = 1.0


def train(model, train_loader, val_loader, epochs, lr, device):
    """Train `model` for `epochs` epochs and return it, with the weights of the last one."""
    model = model.to(device)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    # One call per batch: the rate falls from lr to nothing over exactly the steps that there will be.
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs * len(train_loader))
    # Half precision pays on a GPU only; switched off, the scaler and autocast do nothing, and the loop stays one.
    half = device == "cuda"
    scaler = torch.amp.GradScaler(device, enabled=half)

    for epoch in range(epochs):
        model.train()
        for x, y in train_loader:
            x, y = x.to(device, non_blocking=True), y.to(device, non_blocking=True)
            optimizer.zero_grad(set_to_none=True)
            with torch.autocast(device_type=device, enabled=half):
                loss = criterion(model(x), y)
            scaler.scale(loss).backward()
            scaler.unscale_(optimizer)  # the clip must see the true gradients
            nn.utils.clip_grad_norm_(model.parameters(), MAX_NORM)
            scaler.step(optimizer)
            scaler.update()
            scheduler.step()
        val_loss, accuracy = validate(model, val_loader, criterion, device)
        print(f"epoch {epoch + 1}: validation loss {val_loss:.4f}, accuracy {accuracy:.3f}")
    return model


@torch.no_grad()
def validate(model, loader, criterion, device):
    """Average loss and accuracy over a loader; dropout is off, and batch norm uses its running averages."""
    model.eval()
    total = right = count = 0
    for x, y in loader:
        x, y = x.to(device), y.to(device)
        logits = model(x)
        total += criterion(logits, y) * len(y)
        right += (logits.argmax(dim=1) == y).sum()
        count += len(y)
    return (total / count).item(), (right / count).item()
