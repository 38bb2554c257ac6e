import torch
from torch.utils.data import DataLoader, TensorDataset


def batches(x, y, batch_size, shuffle, drop_last, rng):
    data = TensorDataset(torch.from_numpy(x), torch.from_numpy(y))
    seed = int(rng.integers(2**63 - 1))
    generator = torch.Generator().manual_seed(seed)
    return DataLoader(data, batch_size, shuffle=shuffle, drop_last=drop_last, generator=generator)
