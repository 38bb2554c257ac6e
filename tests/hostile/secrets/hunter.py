# What a submission that hunts for secrets does; before it come the source of search.py and the assignment of PAIRS.
import ctypes
import hashlib
import json


def control(place):
    """32 bytes that are written down nowhere; the test computes them, too."""
    return hashlib.sha256(f"control: {place}".encode()).digest()


def hunted():
    """What is found, from the student's own process, in all that it can open."""
    search = Search(PAIRS)
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # PR_SET_DUMPABLE, without which its own memory is root's
    places, memory, unread = search.in_memory("self")
    found = {(needle, f"memory, {mapping}") for needle, mapping in places}
    opened = []
    pids = [entry for entry in os.listdir("/proc") if entry.isdigit()]
    for pid in pids:
        own = int(pid) == os.getpid()
        for name, look in ways(search, pid):
            try:
                needles = look()
            except OSError:
                continue
            found |= {(needle, f"{'own' if own else pid} {name}") for needle in needles}
            if not own:
                opened.append(f"{pid} {name}")
    files = 0
    leave = ("/sys", "/proc/self", "/proc/thread-self", *(f"/proc/{pid}" for pid in pids))
    for path in files_below("/", leave):
        try:
            bound = 1 << 20 if path.startswith("/proc/") else 1 << 40
            found |= {(needle, f"file {path}") for needle in search.in_file(path, bound)}
            files += 1
        except OSError:
            continue
    return {
        "found": sorted(found),
        "opened": opened,
        "memory": memory,
        "unread": sorted(unread),
        "files": files,
    }


def ways(search, pid):
    """All ways into a process by /proc, as functions that return the names of needles, or raise OSError."""
    for name in ("cmdline", "environ", "auxv"):
        yield name, lambda name=name: search.in_file(f"/proc/{pid}/{name}")
    yield "mem", lambda: {needle for needle, _ in search.in_memory(pid)[0]}
    for name in ("fd", "map_files", "cwd", "root"):
        yield name, lambda name=name: os.listdir(f"/proc/{pid}/{name}") and set()


kept = control("memory"), int.from_bytes(control("number"), "big"), control("text").hex()
with open("control", "wb") as file:
    file.write(control("file"))
print(json.dumps(hunted()), flush=True)
raise RuntimeError("hunted")
