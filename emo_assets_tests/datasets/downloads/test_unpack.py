from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from emo_assets.datasets.downloads.unpack import MAX_HEADER_BYTES, ArchiveError, Limits, unpack
from emo_assets.errors import InputError

LIMITS = Limits(members=100, file_bytes=100_000, total_bytes=1_000_000)


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", size: int = 0) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, link, size
    return info


def add(tar: tarfile.TarFile, name: str, content: bytes = b"content") -> None:
    tar.addfile(member(name, size=len(content)), io.BytesIO(content))


def add_many(tar: tarfile.TarFile, count: int, content: bytes) -> None:
    for number in range(count):
        add(tar, f"tree/{number}", content)


def archive(path: Path, fill: Callable[[tarfile.TarFile], None]) -> Path:
    """Write a .tar.gz of a good file and the members that `fill` adds."""
    with tarfile.open(path, "w:gz") as tar:
        add(tar, "tree/good.mid")
        fill(tar)
    return path


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_a_tree_is_unpacked_with_its_files_alone(tmp_path: Path) -> None:
    def fill(tar: tarfile.TarFile) -> None:
        tar.addfile(member("tree/A", tarfile.DIRTYPE))
        add(tar, "./tree/A/B/" + "long" * 60 + ".mid", b"x" * 70_000)
        add(tar, "tree/empty.mid", b"")
        add(tar, "._tree", b"what a Macintosh adds")

    told: list[tuple[int, int]] = []
    packed = archive(tmp_path / "tree.tar.gz", fill)
    tree = unpack(
        packed, tmp_path / "tree", limits=LIMITS, progress=lambda _, done, total: told.append((done, total))
    )
    assert names(tree) == {"good.mid", "A", "A/B", "A/B/" + "long" * 60 + ".mid", "empty.mid"}
    assert (tree / "good.mid").read_bytes() == b"content"
    assert names(tmp_path) == {"tree.tar.gz", "tree"} | {f"tree/{name}" for name in names(tree)}
    assert told[-1] == (packed.stat().st_size, packed.stat().st_size)


def test_modes_and_owners_of_the_archive_are_not_taken_over(tmp_path: Path) -> None:
    def fill(tar: tarfile.TarFile) -> None:
        info = member("tree/setuid", size=1)
        info.mode, info.uid = 0o6777, 12345
        tar.addfile(info, io.BytesIO(b"x"))

    tree = unpack(archive(tmp_path / "a.tar.gz", fill), tmp_path / "tree", limits=LIMITS)
    assert (tree / "setuid").stat().st_mode & 0o7111 == 0
    assert (tree / "setuid").stat().st_uid != 12345


def _long_header(tar: tarfile.TarFile) -> None:
    add(tar, "tree/" + "n" * 2 * MAX_HEADER_BYTES)


def _many_headers(tar: tarfile.TarFile) -> None:
    for number in range(2000):
        content = b"20 comment=xxxxxxxx\n"
        tar.addfile(member(f"p{number}", tarfile.XHDTYPE, size=len(content)), io.BytesIO(content))


def _folder_with_a_size(tar: tarfile.TarFile) -> None:
    tar.addfile(member("tree/A", tarfile.DIRTYPE, size=100_000))
    _long_header(tar)


def _nested_headers(tar: tarfile.TarFile) -> None:
    tar.addfile(member("tree/A", tarfile.DIRTYPE, size=100_000))
    for _ in range(330):
        tar.addfile(member("p", tarfile.GNUTYPE_LONGNAME))


def _huge_header_size(tar: tarfile.TarFile) -> None:
    tar.fileobj.write(member("p", tarfile.XHDTYPE, size=2**33 - 1).tobuf(tarfile.GNU_FORMAT))


def _negative_size(tar: tarfile.TarFile) -> None:
    tar.fileobj.write(member("tree/x", size=-1024).tobuf(tarfile.GNU_FORMAT))


def _sparse(tar: tarfile.TarFile) -> None:
    info = member("tree/sparse", size=0)
    info.pax_headers = {"GNU.sparse.map": "0,0", "GNU.sparse.size": str(2**40)}
    tar.addfile(info)


def _two(first: str, second: str) -> Callable[[tarfile.TarFile], None]:
    def fill(tar: tarfile.TarFile) -> None:
        add(tar, first)
        add(tar, second)

    return fill


HOSTILE: dict[str, tuple[Callable[[tarfile.TarFile], None], str]] = {
    "a path upwards": (lambda tar: add(tar, "../escaped"), "could lead out of it"),
    "a path upwards inside a folder": (lambda tar: add(tar, "tree/../../escaped"), "could lead out of it"),
    "a folder upwards": (
        lambda tar: tar.addfile(member("tree/../..", tarfile.DIRTYPE)),
        "could lead out of it",
    ),
    "an absolute path": (lambda tar: add(tar, "/tmp/escaped"), "could lead out of it"),
    "another system's path": (lambda tar: add(tar, "tree\\..\\escaped"), "could lead out of it"),
    "a drive": (lambda tar: add(tar, "C:/escaped"), "could lead out of it"),
    "a symbolic link out": (
        lambda tar: tar.addfile(member("tree/out", tarfile.SYMTYPE, "..")),
        "is a link to '..'",
    ),
    "a symbolic link within": (
        lambda tar: tar.addfile(member("tree/in", tarfile.SYMTYPE, "good.mid")),
        "is a link",
    ),
    "a hard link": (
        lambda tar: tar.addfile(member("tree/hard", tarfile.LNKTYPE, "/etc/passwd")),
        "is a link",
    ),
    "a character device": (lambda tar: tar.addfile(member("tree/null", tarfile.CHRTYPE)), "is a device"),
    "a block device": (lambda tar: tar.addfile(member("tree/disk", tarfile.BLKTYPE)), "is a device"),
    "a pipe": (lambda tar: tar.addfile(member("tree/pipe", tarfile.FIFOTYPE)), "is a device"),
    "a sparse file": (_sparse, "is of an unknown kind"),
    "a repeated name": (lambda tar: add(tar, "tree/good.mid"), "occurs in it twice"),
    "a file below a file": (lambda tar: add(tar, "tree/good.mid/x"), "both a file and a folder"),
    "a folder over a file": (
        lambda tar: tar.addfile(member("tree/good.mid", tarfile.DIRTYPE)),
        "both a file and a folder",
    ),
    "a file over a folder": (_two("tree/A/x.mid", "tree/A"), "occurs in it twice"),
    "a large file": (lambda tar: add(tar, "tree/large", b"0" * 100_001), "has 100,001 bytes"),
    "too many files": (
        lambda tar: add_many(tar, 100, b""),
        "more than 100 files",
    ),
    "a bomb": (
        lambda tar: add_many(tar, 20, b"0" * 90_000),
        "unpacks to more than 1,000,000 bytes",
    ),
    "a long name": (_long_header, "has a header larger than"),
    "a long name after a folder with a size": (_folder_with_a_size, "has a header larger than"),
    "nested headers": (_nested_headers, "is damaged"),
    "headers without end": (_many_headers, "has a header larger than"),
    "a header of gigabytes": (_huge_header_size, "is damaged"),
    "a negative size": (_negative_size, "has -1,024 bytes"),
}


@pytest.mark.parametrize("trick", HOSTILE)
def test_a_hostile_archive_is_refused_and_leaves_nothing(tmp_path: Path, trick: str) -> None:
    fill, message = HOSTILE[trick]
    (tmp_path / "in").mkdir()
    packed = archive(tmp_path / "in" / "tree.tar.gz", fill)
    with pytest.raises(ArchiveError) as caught:
        unpack(packed, tmp_path / "in" / "tree", limits=LIMITS)
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{packed}: ")
    assert "\n" not in str(caught.value)
    assert names(tmp_path) == {"in", "in/tree.tar.gz"}
    assert not Path("/tmp/escaped").exists()


def _damaged(content: bytes) -> dict[str, bytes]:
    plain = gzip.decompress(content)
    broken = bytearray(plain)
    broken[1024 + 20] ^= 0xFF  # in the second member's header, whose sum is wrong then
    return {
        "cut off": content[: len(content) // 2],
        "without its sum": content[:-8],
        "with another sum": content[:-8] + b"\0" * 8,
        "cut off inside and packed again": gzip.compress(plain[: 1024 + 700]),
        "with a broken header and packed again": gzip.compress(bytes(broken)),
        "followed by something else": gzip.compress(plain + b"x"),
        "not packed": plain,
        "a page": b"<html>The file has moved.</html>",
        "packed nonsense": gzip.compress(b"nonsense" * 1000),
        "empty": b"",
    }


@pytest.mark.parametrize("damage", list(_damaged(gzip.compress(b"\0" * 4096))))
def test_a_damaged_archive_is_refused_as_a_whole(tmp_path: Path, damage: str) -> None:
    packed = archive(tmp_path / "tree.tar.gz", lambda tar: add(tar, "tree/second.mid", b"abc" * 1000))
    packed.write_bytes(_damaged(packed.read_bytes())[damage])
    with pytest.raises(ArchiveError, match=r"tree\.tar\.gz: is damaged"):
        unpack(packed, tmp_path / "tree", limits=LIMITS)
    assert names(tmp_path) == {"tree.tar.gz"}


def test_an_archive_of_something_else_is_refused(tmp_path: Path) -> None:
    packed = archive(tmp_path / "a.tar.gz", lambda tar: None)
    with pytest.raises(ArchiveError, match="holds no folder lmd_matched"):
        unpack(packed, tmp_path / "lmd_matched", limits=LIMITS)


def test_the_rest_of_a_killed_unpacking_is_removed_by_the_next(tmp_path: Path) -> None:
    left = tmp_path / ".tree.0badcafe.unfinished" / "tree"
    left.mkdir(parents=True)
    (left / "half.mid").write_bytes(b"half")
    unpack(archive(tmp_path / "a.tar.gz", lambda tar: None), tmp_path / "tree", limits=LIMITS)
    assert names(tmp_path) == {"a.tar.gz", "tree", "tree/good.mid"}


def test_a_folder_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    packed = archive(tmp_path / "a.tar.gz", lambda tar: add(tar, "tree/" + "n" * 300))
    with pytest.raises(InputError, match=r"cannot be written \(File name too long\)"):
        unpack(packed, tmp_path / "tree", limits=LIMITS)
