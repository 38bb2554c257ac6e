"""Reading an archive: what is right comes in, what would do harm is refused with a sentence."""

import os
import stat
import struct
import time
import zipfile
import zlib
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.errors import BadArchive, NoSuchFile
from grader.ingest import archive, tree
from grader.ingest.archive import read_archive
from grader.ingest.loop import MAX_SOURCE
from tests.grader.ingest.zips import LOOP, in_directory, overlapping, packed, renamed


@pytest.fixture
def read(tmp_path):
    def read(data):
        path = tmp_path / "class.zip"
        path.write_bytes(data)
        return read_archive(path)

    return read


@pytest.fixture
def refused(read):
    def refused(data, words):
        with pytest.raises(BadArchive) as caught:
            read(data)
        sentence = str(caught.value)
        assert words in sentence
        assert "class.zip" in sentence
        assert sentence.endswith(".")
        assert "\n" not in sentence
        return sentence

    return refused


def special(name, mode):
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = mode << 16
    return info


def test_python_is_kept_and_all_else_only_named(read):
    gathered = read(
        packed({"ada/": "", "ada/loop.py": LOOP, "ada/b.ipynb": "{}", "c.zip": b"PK", "d.tar.gz": b""})
    )
    assert gathered.zipped
    assert dict(gathered.members) == {
        "ada/loop.py": LOOP,
        "ada/b.ipynb": b"{}",
        "c.zip": None,
        "d.tar.gz": None,
    }


def test_an_empty_archive_holds_nothing(read):
    assert not read(packed({})).members


def test_an_archive_with_something_before_it_reads(read):
    assert read(b"#!/bin/sh\n" * 10 + packed({"a.py": LOOP})).members == {"a.py": LOOP}


def test_of_a_large_file_only_the_cap_and_one_byte_are_kept(read):
    content = os.urandom(MAX_SOURCE) + b"x" * 100
    assert read(packed({"a.py": content})).members["a.py"] == content[: MAX_SOURCE + 1]


def test_what_the_systems_leave_behind_is_left_out(read):
    assert read(packed({"__MACOSX/._a.py": "x", ".git/a.py": "x", "a.py": LOOP})).members == {"a.py": LOOP}


@pytest.mark.parametrize("name", ["./a.py", ".//a.py", "b/../a.py", "b\\a.py"])
def test_dots_and_separators_are_made_alike(read, refused, name):
    data = packed({name: LOOP})
    if ".." in name:
        refused(data, "leads outside")
    else:
        assert list(read(data).members) == ["b/a.py" if "b" in name else "a.py"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK",
        b"print(1)\n",
        b"\x1f\x8b" + b"x" * 50,
        b"7z\xbc\xaf\x27\x1c" + b"\0" * 50,
        b"PK\x05\x06" + b"\xff" * 18,
    ],
)
def test_what_is_no_zip_archive_is_refused(refused, data):
    refused(data, "neither a folder nor a zip archive")


def test_a_truncated_archive_is_refused(refused):
    data = packed({"a.py": LOOP, "b.py": LOOP})
    for end in range(0, len(data), 7):
        refused(data[:end], "neither a folder nor a zip archive")
    for missing in (1, 10, 40):  # the list of contents is whole, and what it lists is not
        refused(data[missing:], "")


def test_a_wrong_check_sum_is_refused_with_the_name(refused):
    data = packed({"a/loop.py": LOOP}, compression=zipfile.ZIP_STORED)
    refused(data.replace(b"trained", b"trainee"), "broken at 'a/loop.py'")
    data = packed({"x.bin": b"x" * 100}, compression=zipfile.ZIP_STORED)  # also of what is not kept
    refused(data.replace(b"x" * 100, b"y" * 100), "broken at 'x.bin'")


def test_broken_packing_is_refused(refused):
    data = bytearray(packed({"a.py": LOOP}))
    data[30 + 4 : 30 + 14] = b"\xff" * 10
    refused(bytes(data), "broken at 'a.py'")


@pytest.mark.parametrize("flag", [0x1, 0x41, 0x40, 0x2000])
def test_encryption_is_refused(refused, flag):
    refused(in_directory(packed({"a.py": LOOP}), 8, "<H", flag), "encrypted at 'a.py'")


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (stat.S_IFLNK, "symbolic link"),
        (stat.S_IFIFO, "no regular file"),
        (stat.S_IFCHR, "no regular file"),
        (stat.S_IFDIR, "no regular file"),
    ],
)
def test_links_and_devices_are_refused(refused, kind, words):
    refused(packed([(special("a.py", kind | 0o777), "/etc/passwd")]), words)


def test_a_regular_file_of_unix_is_accepted(read):
    assert read(packed([(special("a.py", stat.S_IFREG | 0o644), LOOP)])).members == {"a.py": LOOP}


@pytest.mark.parametrize(
    "name",
    [
        "../x.py",
        "a/../../x.py",
        "a/..",
        "/etc/x.py",
        "//host/x.py",
        "C:/x.py",
        "c:x.py",
        "..\\x.py",
        "\\x.py",
        "a\\..\\..\\b",
    ],
)
def test_names_that_lead_outside_are_refused(refused, name):
    refused(packed({name: LOOP}), "leads outside")


def test_a_name_that_hides_its_end_behind_nul_is_refused(refused):
    refused(renamed(packed({"loop.py_.txt": LOOP}), b"loop.py_.txt", b"loop.py\0.txt"), "leads outside")


@pytest.mark.parametrize(("first", "second"), [("a.py", "a.py"), ("a.py", "./a.py"), ("b/a.py", "b\\a.py")])
def test_doubled_names_are_refused(refused, first, second):
    data = packed([(first, LOOP), (second.replace("a", "c"), LOOP)])
    refused(data.replace(second.replace("a", "c").encode(), second.encode()), "two files of the same name")


def test_names_that_only_unicode_tells_apart_do_not_stop_a_class(read):
    gathered = read(packed([("e\u0301.py", b"1"), ("\u00e9.py", b"2"), ("b.py", LOOP)]))
    assert set(gathered.members) == {"\u00e9.py", "b.py"}
    assert len(gathered.skipped) == 1


def test_more_files_than_are_accepted_are_refused(refused, monkeypatch):
    monkeypatch.setattr(tree, "MAX_MEMBERS", 3)
    refused(packed({f"{number}/": "" for number in range(4)}), "more than 3 files")


def test_a_bomb_is_stopped_by_what_it_unpacks_to(refused):
    data = packed({"a.bin": b"\0" * (4 << 20)})
    assert len(data) < 10_000
    refused(data, "200 times its size")


def test_a_bomb_that_claims_to_be_small_is_refused(refused):
    data = packed({"a.bin": b"\0" * (4 << 20)})
    refused(in_directory(data, 24, "<I", 10), "broken at 'a.bin'")


def test_a_file_that_claims_to_be_longer_is_refused(refused):
    refused(in_directory(packed({"a.py": LOOP}), 24, "<I", 1000), "broken at 'a.py'")


def test_files_that_share_their_packed_bytes_are_stopped(refused):
    data = overlapping(60, b"\0" * 200_000)
    assert len(data) < 10_000
    refused(data, "")  # by their sizes, or by a zipfile that looks for overlaps


def test_the_total_is_counted_over_all_files(refused, monkeypatch):
    monkeypatch.setattr(tree, "MAX_TOTAL", 1000)
    refused(packed({"a.bin": os.urandom(600), "b.bin": os.urandom(600)}), "more than 0 MiB")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_packing_that_cannot_be_bounded_is_refused_before_it_is_unpacked(refused, method):
    refused(packed({"a.bin": b"\0" * (64 << 20)}, compression=method), "another method than deflate")


def test_a_list_of_contents_that_fills_the_memory_is_refused(refused, monkeypatch):
    monkeypatch.setattr(archive, "MAX_DIRECTORY", 1000)
    refused(packed({f"{number:0100}.py": "" for number in range(20)}), "too long to be read")


def test_names_come_as_flagged_or_as_the_writer_meant_them(read):
    assert list(read(packed({"größe.py": LOOP})).members) == ["größe.py"]
    raw = packed({"xxxx.py": LOOP})
    assert list(read(renamed(raw, b"xxxx.py", "öx".encode("cp437") + b"xx.py")).members) == ["öxxx.py"]
    assert list(read(renamed(raw, b"xxxx.py", "öö".encode() + b".py")).members) == ["öö.py"]


def test_the_unicode_path_of_info_zip_counts_where_its_check_sum_is_right(read, refused):
    def with_path(name, checked):
        info = zipfile.ZipInfo("xx.py")
        field = b"\x01" + struct.pack("<I", zlib.crc32(checked)) + name
        info.extra = struct.pack("<HH", 0x7075, len(field)) + field
        return renamed(packed([(info, LOOP)]), b"xx.py", b"\x81x.py")

    assert list(read(with_path("アダ.py".encode(), b"\x81x.py")).members) == ["アダ.py"]
    assert list(read(with_path("アダ.py".encode(), b"other")).members) == ["üx.py"]
    refused(with_path(b"../../x.py", b"\x81x.py"), "leads outside")


@pytest.mark.parametrize(
    "name",
    [
        "\u202eyp.loop.py",
        "CON.py",
        "nul",
        "\U0001f600.py",
        "x" * 300 + ".py",
        "a\x1b[2J.py",
        "a\nb.py",
        "%s{0}.py",
    ],
)
def test_hostile_names_that_lead_nowhere_come_in(read, name):
    assert list(read(packed({name: LOOP})).members) == [name]


def test_a_sentence_shows_a_hostile_name_without_what_could_mislead(refused):
    sentence = refused(packed({"../\u202e\x1b[2J" + "x" * 300: LOOP}), "leads outside")
    assert sentence.isprintable()
    assert len(sentence) < 400


@pytest.mark.parametrize("name", ["none.zip", "a\0b.zip", "x" * 300])
def test_a_missing_path_is_an_error_of_usage(tmp_path, name):
    with pytest.raises(NoSuchFile):
        read_archive(tmp_path / name)


def test_a_file_we_may_not_read_is_an_error_of_usage(tmp_path, monkeypatch):
    def refuse(path, flags):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(NoSuchFile, match="cannot be read: Permission denied"):
        read_archive(tmp_path / "class.zip")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are POSIX")
def test_a_pipe_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe.zip")
    with pytest.raises(BadArchive, match="neither a folder nor a zip"):
        read_archive(tmp_path / "pipe.zip")


def test_a_full_archive_is_read_in_time(read):
    data = packed({f"{number}/loop.py": LOOP for number in range(5000)})
    start = time.monotonic()
    assert len(read(data).members) == 5000
    assert time.monotonic() - start < 60  # a matter of milliseconds; quadratic, of minutes


RIGHT = packed({"ada/loop.py": LOOP, "größe.txt": b"x" * 500})
HEADERS = st.sampled_from([at for at in range(len(RIGHT)) if RIGHT[at : at + 2] == b"PK"])


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.one_of(st.binary(max_size=300), st.binary(max_size=100).map(lambda tail: RIGHT + tail)))
def test_random_bytes_are_read_or_refused(read, data):
    with suppress(BadArchive):
        read(data)


@settings(max_examples=600, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(
        st.tuples(HEADERS, st.integers(0, 60), st.binary(min_size=1, max_size=8)), min_size=1, max_size=4
    )
)
def test_mutated_archives_are_read_or_refused(read, changes):
    data = bytearray(RIGHT)
    for header, offset, value in changes:
        data[header + offset : header + offset + len(value)] = value
    try:
        gathered = read(bytes(data))
    except BadArchive:
        return
    for path in gathered.members:
        path.encode()
        assert not path.startswith("/")
        assert ".." not in path.split("/")
