"""Makes the archives that tests read: right ones, and ones patched byte by byte to do harm."""

import io
import struct
import zipfile
import zlib

LOOP = b"print('trained')\n"


def packed(files, *, compression=zipfile.ZIP_DEFLATED):
    """A zip archive of name to content; ZipInfo may stand for a name, and pairs for a mapping."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, content in files.items() if isinstance(files, dict) else files:
            archive.writestr(name, content)
    return out.getvalue()


def renamed(data, old, new):
    """An archive with a name of the same length in place of another, in both of its headers."""
    assert len(old) == len(new)
    assert data.count(old) == 2
    return data.replace(old, new)


def in_directory(data, offset, form, value, entry=0):
    """An archive with a field of the list of contents overwritten; offsets are those of APPNOTE.TXT 4.3.12."""
    at = -1
    for _ in range(entry + 1):
        at = data.index(b"PK\x01\x02", at + 1)
    out = bytearray(data)
    struct.pack_into(form, out, at + offset, value)
    return bytes(out)


def overlapping(count, content):
    """An archive of `count` entries that share the packed bytes of `content`.

    Each entry's data begin with the headers of those that follow, quoted in stored blocks, so that all names
    and check sums agree (David Fifield, "A better zip bomb", 2019).
    """
    start, packed_bytes, plain = b"", packed({"x": content}), content
    packed_bytes = packed_bytes[31 : packed_bytes.index(b"PK\x01\x02")]
    entries = []
    for number in reversed(range(count)):
        name = b"%05d" % number
        sums = struct.pack("<III", zlib.crc32(plain), len(packed_bytes), len(plain))
        start = (
            b"PK\x03\x04" + struct.pack("<HHHHH", 20, 0, 8, 0, 33) + sums + struct.pack("<HH", 5, 0) + name
        )
        entries.insert(0, (name, sums))
        stream = start + packed_bytes
        packed_bytes = b"\0" + struct.pack("<HH", len(start), len(start) ^ 0xFFFF) + stream
        plain = start + plain
    directory = b"".join(
        b"PK\x01\x02"
        + struct.pack("<HHHHHH", 20, 20, 0, 8, 0, 33)
        + sums
        + struct.pack("<HHHHHII", 5, 0, 0, 0, 0, 0, number * (len(start) + 5))
        + name
        for number, (name, sums) in enumerate(entries)
    )
    return (
        stream
        + directory
        + struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, count, count, len(directory), len(stream), 0)
    )
