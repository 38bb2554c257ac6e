# tries to patch torch, Python and our own modules in the process it runs in
import builtins
import gc
import os
import random
import sys

import torch


def train(model, loader, criterion, optimizer, epochs):
    torch.optim.SGD.step = lambda *_, **__: None
    torch.nn.Module.__call__ = lambda *_, **__: torch.zeros(1)
    torch.Tensor.backward = lambda *_, **__: None
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(4)
    torch.set_grad_enabled(False)
    torch.manual_seed = lambda *_: None
    random.seed(1)
    gc.disable()
    sys.modules["json"] = sys.modules["torch"]
    for name, module in list(sys.modules.items()):
        if name.startswith("sandbox") and hasattr(module, "wire"):
            module.wire = None
    os.read = os.write = None
    builtins.len = lambda _: 1
    return []
