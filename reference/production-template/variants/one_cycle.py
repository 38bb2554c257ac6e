"""OneCycle: the rate rises to lr and falls again, one call per batch."""

import torch
import torch.nn.functional as F


def train(model, train_loader, val_loader, epochs, lr, device):
    model.to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=lr, steps_per_epoch=len(train_loader), epochs=epochs
    )
    for _ in range(epochs):
        model.train()
        for x, y in train_loader:
            loss = F.cross_entropy(model(x.to(device)), y.to(device))
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
            optimizer.step()
            schedule.step()
        model.eval()
        with torch.inference_mode():
            sum(F.cross_entropy(model(x.to(device)), y.to(device)) for x, y in val_loader)
    return model
