# expect: optimizer-missing-parameters
"""An optimizer of its own that holds the last layer only."""

import torch


def train(model, loader, criterion, optimizer, scaler, max_norm, epochs, device):
    optimizer = torch.optim.SGD(model[-1].parameters(), lr=0.05, momentum=0.9)
    for _ in range(epochs):
        for x, y in loader:
            model.zero_grad()
            with torch.autocast(device_type=device, dtype=torch.float16):
                loss = criterion(model(x.to(device)), y.to(device))
            scaler.scale(loss).backward()
            scaler.unscale_(optimizer)
            torch.nn.utils.clip_grad_norm_(optimizer.param_groups[0]["params"], max_norm)
            scaler.step(optimizer)
            scaler.update()
