"""Reads a zip archive of hand-ins into memory: bounded, checked, and never unpacked to disk.

All of it is hostile: names, sizes and content.  It is refused as a whole for what no learning platform
writes: names that lead outside, links, encryption, sizes that are not true, a bomb.
"""

from __future__ import annotations

import io
import os
import re
import stat
import struct
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path

from grader.errors import BadArchive, NoSuchFile
from grader.ingest.loop import most_bytes
from grader.ingest.tree import Found, Tally, Tree, is_junk, is_python, plain

MAX_DIRECTORY = 16 << 20
"""Longest list of contents of an archive, in bytes: 800 for each of 20,000 entries."""

_CHUNK = 1 << 16
_ENCRYPTED = 0x1 | 0x40 | 0x2000  # the two kinds of encryption, and an encrypted list of contents
_UTF8 = 0x800
_UNICODE_PATH = 0x7075
_DRIVE = re.compile(r"[A-Za-z]:")
# What zipfile is known to raise on bytes that are no zip archive; it promises none of it.
_BROKEN = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    ArithmeticError,
    LookupError,
    OSError,
    MemoryError,
)


def read_archive(path: Path) -> Tree:
    """The files of the zip archive at `path`; at most MAX_MEMBERS and MAX_TOTAL bytes (`grader.ingest.tree`).

    Raises NoSuchFile where there is no readable file, and BadArchive with one sentence for all else.
    Archives inside the archive are files like others, and are not opened.
    """
    name = plain(str(path), None)
    with _open_archive(path, name) as file:
        tally = Tally(name, os.fstat(file.fileno()).st_size)
        try:
            archive = zipfile.ZipFile(file)
        except _BROKEN as error:
            raise BadArchive(f"{name} is neither a folder nor a zip archive that can be read.") from error
        with archive:
            return _members(archive, tally)


class _Bounded(io.BufferedReader):
    """A file whose list of contents cannot fill the memory: zipfile reads it at once, however long it claims to be."""

    shown = ""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > MAX_DIRECTORY:
            raise BadArchive(f"{self.shown} has a list of contents that is too long to be read.")
        return super().read(size)


def _open_archive(path: Path, name: str) -> _Bounded:
    """The regular file at `path`, opened without waiting on a pipe."""
    try:
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        file = _Bounded(io.FileIO(path, opener=lambda path, _: os.open(path, flags)))
    except FileNotFoundError as error:
        raise NoSuchFile(f"There is no file or folder {name}.") from error
    except OSError as error:
        raise NoSuchFile(f"{name} cannot be read: {error.strerror}.") from error
    except ValueError as error:  # a NUL character in the path
        raise NoSuchFile(f"{str(path)!r} is not the name of a file.") from error
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise BadArchive(f"{name} is neither a folder nor a zip archive.")
    file.shown = name
    return file


def _members(archive: zipfile.ZipFile, tally: Tally) -> Tree:
    """Every entry, checked and read to its end, so that a broken one is found wherever it lies."""
    infos = archive.infolist()
    tally.add_members(len(infos))
    seen: set[str] = set()
    found = Found()
    for info in infos:
        path = _checked_path(info, tally.name)
        if not path or info.orig_filename.endswith(("/", "\\")):
            continue
        where = f"'{plain(path)}'"
        if path in seen:
            raise BadArchive(f"{tally.name} holds two files of the same name, {where}.")
        seen.add(path)
        _check_kind(info, where, tally.name)
        try:
            content = _content(archive, info, tally, is_python(path) and not is_junk(path))
        except _BROKEN as error:
            raise BadArchive(f"{tally.name} is broken at {where}; download or make it again.") from error
        found.add(path, content)
    return found.tree(tally.name, zipped=True)


def _checked_path(info: zipfile.ZipInfo, archive: str) -> str:
    """The entry's relative path; BadArchive if unpacking it could lead anywhere else."""
    name = _decoded(info)
    for spelling in (info.orig_filename, name):
        parts = spelling.replace("\\", "/").split("/")
        if parts[0] == "" or _DRIVE.match(parts[0]) or ".." in parts or "\0" in spelling:
            raise BadArchive(
                f"{archive} holds the name '{plain(spelling)}', which leads outside the archive."
            )
    return "/".join(part for part in name.replace("\\", "/").split("/") if part not in ("", "."))


def _decoded(info: zipfile.ZipInfo) -> str:
    """The entry's name: as flagged, else from the Info-ZIP Unicode Path field, else as UTF-8 or CP437."""
    name = info.orig_filename
    if not info.flag_bits & _UTF8 and not name.isascii():
        raw = name.encode("cp437")
        # Writers that know no flag mostly write UTF-8; hardly any text in CP437 can be taken for it.
        with suppress(UnicodeDecodeError):
            name = _unicode_path(info.extra, raw) or raw.decode("utf-8")
    return name


def _unicode_path(extra: bytes, raw: bytes) -> str:
    """The name in the extra field 0x7075, if it is that of `raw` (APPNOTE.TXT 4.6.9); else ""."""
    while len(extra) >= 4:
        kind, length = struct.unpack("<HH", extra[:4])
        field, extra = extra[4 : 4 + length], extra[4 + length :]
        if kind == _UNICODE_PATH and field[:5] == b"\x01" + struct.pack("<I", zlib.crc32(raw)):
            return field[5:].decode("utf-8")
    return ""


def _check_kind(info: zipfile.ZipInfo, where: str, archive: str) -> None:
    """BadArchive for an entry that is encrypted, no plain file, or packed in a way that cannot be bounded."""
    if info.flag_bits & _ENCRYPTED:
        raise BadArchive(f"{archive} is encrypted at {where}; make it without a password.")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        what = "a symbolic link" if kind == stat.S_IFLNK else "no regular file"
        raise BadArchive(f"{archive} holds {where}, which is {what}; only files and folders are read.")
    # zipfile unpacks bzip2 and LZMA as far as one block goes, which may be gigabytes.
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise BadArchive(f"{archive} packs {where} by another method than deflate; make it again without.")


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo, tally: Tally, keep: bool) -> bytes | None:
    """The entry's first bytes (see `most_bytes`), None if it is not to be kept; all of it is read and counted."""
    kept, length, most = bytearray(), 0, most_bytes(info.filename)
    with archive.open(info) as file:
        while chunk := file.read(_CHUNK):
            length += len(chunk)
            tally.add_bytes(len(chunk), info.filename)
            if keep:
                kept += chunk[: most - len(kept)]
    if length != info.file_size:
        raise zipfile.BadZipFile("not as long as it claims")
    return bytes(kept) if keep else None
