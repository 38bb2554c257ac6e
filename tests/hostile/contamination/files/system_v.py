# tries to leave System V shared memory, semaphores and messages, and give them to another user
import ctypes
import struct

IPC_CREAT, IPC_SET, IPC_STAT = 0o1000, 1, 2


def train(model, loader, criterion, optimizer, epochs):
    libc = ctypes.CDLL(None, use_errno=True)
    for key in range(0x51, 0x55):
        libc.shmget(key, 1 << 20, IPC_CREAT | 0o666)
        libc.semget(key, 4, IPC_CREAT | 0o666)
        queue = libc.msgget(key, IPC_CREAT | 0o666)
        libc.msgsnd(queue, struct.pack("q", 1) + b"y=2x+1", 6, 0)
    given = libc.shmget(0x61, 4096, IPC_CREAT | 0o666)
    told = ctypes.create_string_buffer(256)
    libc.shmctl(given, IPC_STAT, told)
    ctypes.memmove(ctypes.addressof(told) + 4, struct.pack("i", 30_000), 4)
    print("given away", libc.shmctl(given, IPC_SET, told))
    return []
