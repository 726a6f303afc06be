from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pandas as pd
import pytest
from upath import UPath

from emo_assets.datasets import lakh
from emo_assets.datasets.lakh import LMD_FULL, additional_midi, iterate_lakh, read_lakh
from emo_assets.errors import InputError

TRACK = "TRGGUQF128F932FB97"


def place(root: Path, content: bytes, track: str = TRACK) -> Path:
    """Write `content` to the path it has in Lakh, and return the path."""
    folder = root / track[2] / track[3] / track[4] / track
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{hashlib.md5(content).hexdigest()}.mid"
    path.write_bytes(content)
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A tree with one file in it."""
    tree = tmp_path / "lmd_matched"
    place(tree, b"MThd one")
    return tree


def reasons(rejects: pd.DataFrame) -> dict[str, str]:
    return dict(zip(rejects["content"], rejects["reason"], strict=True))


def test_files_are_read_with_their_ids_in_the_order_of_their_paths(root: Path) -> None:
    place(root, b"MThd two", "TRAAAAB128F932FB97")
    (root / "README").write_text("not MIDI")
    (root / "G" / "G" / "U" / TRACK / f"._{hashlib.md5(b'MThd one').hexdigest()}.mid").write_bytes(b"macOS")

    read = read_lakh(root)

    assert list(read.rows.columns) == ["msd_track_id", "md5", "path", "content"]
    assert read.rows["msd_track_id"].tolist() == ["TRAAAAB128F932FB97", TRACK]
    assert read.rows["content"].tolist() == [b"MThd two", b"MThd one"]
    md5 = hashlib.md5(b"MThd one").hexdigest()
    assert read.rows[["md5", "path"]].to_numpy().tolist()[1] == [md5, f"G/G/U/{TRACK}/{md5}.mid"]
    assert read.rejects.empty


def test_a_file_under_several_ids_is_read_under_each_and_held_once(root: Path) -> None:
    place(root, b"MThd one", "TRGGUQG128F932FB97")

    rows = read_lakh(root).rows

    assert rows["msd_track_id"].tolist() == [TRACK, "TRGGUQG128F932FB97"]
    assert rows["md5"].nunique() == 1
    assert rows["content"][0] is rows["content"][1]


def test_wrongly_placed_and_named_files_are_rejects(root: Path) -> None:
    good = place(root, b"MThd two")
    wrong = {
        "song.mid": root / "song.mid",
        f"G/G/U/{TRACK}/My Song.mid": root / "G" / "G" / "U" / TRACK / "My Song.mid",
        f"G/G/U/{TRACK}/{good.stem}.MIDI": good.with_suffix(".MIDI"),
        f"A/B/C/{TRACK}/{good.name}": root / "A" / "B" / "C" / TRACK / good.name,
        f"G/G/U/TRGGU/{good.name}": root / "G" / "G" / "U" / "TRGGU" / good.name,
    }
    for path in wrong.values():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"MThd two")

    read = read_lakh(root)

    assert len(read.rows) == 2
    assert set(reasons(read.rejects)) == set(wrong)
    assert set(read.rejects["reason"]) == {"its path must be like A/B/C/TRABC…/<md5>.mid"}
    assert set(read.rejects["row"]) == {0}


def test_bytes_that_are_not_those_the_name_promises_are_a_broken_copy(root: Path) -> None:
    path = place(root, b"MThd whole")
    path.write_bytes(b"MThd wh")

    read = read_lakh(root)

    assert len(read.rows) == 1
    assert "is a broken copy: the MD5 of its bytes is" in read.rejects["reason"][0]


def test_a_file_over_the_limit_is_not_read(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lakh, "MAX_FILE_BYTES", 2**20)
    place(root, bytes(2**20 + 1))

    assert read_lakh(root).rejects["reason"].tolist() == ["is larger than 1 MiB"]


def test_links_are_followed_within_the_tree_only(root: Path, tmp_path: Path) -> None:
    here = root / "G" / "G" / "U" / TRACK
    inside, outside = b"MThd one", b"MThd outside"
    secret = tmp_path / "outside.mid"
    secret.write_bytes(outside)
    md5_inside, md5_outside = (hashlib.md5(content).hexdigest() for content in (inside, outside))
    other = root / "A" / "A" / "A" / "TRAAAAB128F932FB97"
    other.mkdir(parents=True)
    (other / f"{md5_inside}.mid").symlink_to(here / f"{md5_inside}.mid")
    (other / f"{md5_outside}.mid").symlink_to(secret)
    (here / f"{'0' * 32}.mid").symlink_to(here / "nothing.mid")
    (root / "Z").symlink_to(tmp_path)
    (here / "round").symlink_to(root)

    read = read_lakh(root)

    assert read.rows["msd_track_id"].tolist() == ["TRAAAAB128F932FB97", TRACK]
    assert reasons(read.rejects) == {
        f"A/A/A/TRAAAAB128F932FB97/{md5_outside}.mid": "is a link out of the tree",
        f"G/G/U/{TRACK}/{'0' * 32}.mid": "is a broken link",
        f"G/G/U/{TRACK}/round": "is a link to a folder, which is not followed",
        "Z": "is a link to a folder, which is not followed",
    }


def test_folders_and_pipes_called_like_midi_files_are_rejects(root: Path) -> None:
    here = root / "G" / "G" / "U" / TRACK
    (here / "x.mid").mkdir()
    os.mkfifo(here / f"{'1' * 32}.mid")

    assert reasons(read_lakh(root).rejects) == {
        f"G/G/U/{TRACK}/x.mid": "is a folder named like a MIDI file",
        f"G/G/U/{TRACK}/{'1' * 32}.mid": "is not a regular file",
    }


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable to root")
def test_an_unreadable_file_is_a_reject(root: Path) -> None:
    closed = place(root, b"MThd two")
    closed.chmod(0)

    assert read_lakh(root).rejects["reason"].tolist() == ["cannot be read (Permission denied)"]


def test_partitions_together_hold_all_files(root: Path) -> None:
    for number in range(20):
        place(root, bytes([number]) * 100)
    (root / "song.mid").write_bytes(b"MThd")

    parts = list(iterate_lakh(root, batch_bytes=300))

    assert len(parts) == 7
    assert all(part.rows["content"].map(len).sum() <= 400 for part in parts)
    whole = read_lakh(root)
    assert pd.concat([part.rows for part in parts], ignore_index=True).equals(whole.rows)
    assert sum(len(part.rejects) for part in parts) == len(whole.rejects) == 1


def test_progress_is_reported_per_file(root: Path) -> None:
    place(root, b"MThd two")
    told: list[tuple[str, int, int]] = []

    read_lakh(root, progress=lambda *what: told.append(what))

    assert told == [("reading MIDI files", 1, 2), ("reading MIDI files", 2, 2)]


def test_a_tree_may_lie_elsewhere_than_on_this_machine() -> None:
    tree = UPath("memory://lakh/lmd_matched")
    md5 = hashlib.md5(b"MThd far").hexdigest()
    path = tree / "G" / "G" / "U" / TRACK / f"{md5}.mid"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"MThd far")

    assert read_lakh(tree).rows["path"].tolist() == [f"G/G/U/{TRACK}/{md5}.mid"]


def test_the_full_set_is_read_without_ids(tmp_path: Path) -> None:
    content = b"MThd full"
    md5 = hashlib.md5(content).hexdigest()
    (tmp_path / md5[0]).mkdir()
    (tmp_path / md5[0] / f"{md5}.mid").write_bytes(content)
    (tmp_path / md5[0] / f"{'x' * 32}.mid").write_bytes(content)

    (read,) = iterate_lakh(tmp_path, LMD_FULL)

    assert read.rows.to_numpy().tolist() == [[md5, f"{md5[0]}/{md5}.mid", content]]
    assert read.rejects["reason"].tolist() == ["its path must be like a/<md5>.mid"]


def test_the_wrong_folder_is_one_error_that_says_what_to_do(root: Path, tmp_path: Path) -> None:
    empty, full, broken = (tmp_path / name for name in ("empty", "full", "broken"))
    empty.mkdir()
    md5 = hashlib.md5(b"MThd").hexdigest()
    (full / md5[0]).mkdir(parents=True)
    (full / md5[0] / f"{md5}.mid").write_bytes(b"MThd")
    place(broken, b"MThd").write_bytes(b"MT")
    a_file = tmp_path / "lmd_matched.tar.gz"
    a_file.write_bytes(b"x")

    for folder, message in {
        tmp_path / "nowhere": "does not exist",
        a_file: "is a file, not the folder lmd_matched",
        empty: "holds no file A/B/C/TRABC…/<md5>.mid",
        tmp_path: f"is the parent folder; give {root}",
        full: "is a tree of lmd_full (a/<md5>.mid), not of lmd_matched",
        broken: "none of its 1 files is acceptable; the first: G/G/U/",
    }.items():
        with pytest.raises(InputError) as caught:
            read_lakh(folder)
        text = str(caught.value)
        assert text.startswith(f"{folder}: {message}")
        assert "http://hog.ee.columbia.edu/craffel/lmd/" in text
        assert "\n" not in text
    with pytest.raises(InputError, match=r"is a tree of lmd_matched .*, not of lmd_full"):
        next(iterate_lakh(root, LMD_FULL))


@pytest.mark.realdata
def test_every_real_file_is_read_and_is_what_its_name_promises(realdata: Path) -> None:
    matched = read_lakh(realdata / "lmd_matched")
    full = next(iterate_lakh(realdata / "lmd_full", LMD_FULL))

    assert (len(matched.rows), len(matched.rejects)) == (602, 0)
    assert (len(full.rows), len(full.rejects)) == (176, 0)


def test_additional_files_leave_out_the_excluded_ones_up_to_a_limit(tmp_path: Path) -> None:
    sums = {}
    for number in range(20):
        content = b"MThd" + bytes([number])
        md5 = hashlib.md5(content).hexdigest()
        sums[md5] = content
        path = tmp_path / md5[0] / f"{md5}.mid"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    known = sorted(sums)[:3]
    assert list(additional_midi(tmp_path, exclude=known, limit=5)) == [sums[md5] for md5 in sorted(sums)[3:8]]
    assert len(list(additional_midi(tmp_path, exclude=known, limit=100))) == 17


@pytest.mark.realdata
def test_a_real_tree_is_read_in_order(realdata: Path) -> None:
    songs = list(additional_midi(realdata / "lmd_full", exclude=(), limit=10))
    assert len(songs) == 10
    assert all(song.startswith(b"MThd") for song in songs)
