from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import pytest

from emo_assets.datasets.lakh import read_lakh
from emo_assets.datasets.msd import read_msd
from emo_assets.datasets.spotify import read_spotify
from emo_assets.errors import InputError
from emo_assets.midi.errors import MidiError
from emo_assets.synthetic_corpus.corpus import CorpusSummary, compose_corpus
from emo_assets.synthetic_corpus.file_formats import SPOTIFY_COLUMNS
from emo_assets.tokens.tokenize import tokenize_midi

SONGS = 16


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, CorpusSummary]:
    out = tmp_path_factory.mktemp("corpus")
    return out, compose_corpus(out, songs=SONGS, seed=3)


def digests(out: Path) -> dict[str, str]:
    return {
        path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }


def test_the_readers_read_the_corpus_and_reject_its_broken_rows(
    corpus: tuple[Path, CorpusSummary],
) -> None:
    out, summary = corpus
    spotify = read_spotify(out / "spotify" / "dataset.csv")
    assert len(spotify.rows) == summary.spotify_rows - 2
    assert spotify.rows["track_id"].nunique() == summary.spotify_tracks
    assert len(spotify.rejects) == 2
    msd = read_msd(out / "msd" / "unique_tracks.txt")
    assert len(msd.rows) == summary.msd_rows - 1
    assert len(msd.rejects) == 1
    lakh = read_lakh(out / "lmd_matched")
    assert len(lakh.rows) == summary.midi_files + summary.broken_files
    assert len(lakh.rejects) == 0


def test_links_lead_from_listed_tracks_to_listed_tracks(corpus: tuple[Path, CorpusSummary]) -> None:
    out, summary = corpus
    tracks = set(read_spotify(out / "spotify" / "dataset.csv").rows["track_id"])
    msd = set(read_msd(out / "msd" / "unique_tracks.txt").rows["msd_track_id"])
    with_midi = set(read_lakh(out / "lmd_matched").rows["msd_track_id"])
    assert {track for track, _ in summary.links} <= tracks
    assert {track for _, track in summary.links} <= msd
    assert {track for _, track in summary.links} == with_midi
    assert len(summary.links) >= SONGS


def test_files_are_called_by_their_md5_below_the_letters_of_their_track(
    corpus: tuple[Path, CorpusSummary],
) -> None:
    out, _ = corpus
    for path in (out / "lmd_matched").rglob("*.mid"):
        first, second, third, track, name = path.relative_to(out / "lmd_matched").parts
        assert track[2:5] == first + second + third
        assert name == hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest() + ".mid"


def test_just_the_broken_files_cannot_be_read(corpus: tuple[Path, CorpusSummary]) -> None:
    out, summary = corpus
    unreadable = 0
    for path in (out / "lmd_matched").rglob("*.mid"):
        try:
            tokenize_midi(path.read_bytes(), strict=True, events=False)
        except MidiError:
            unreadable += 1
    assert unreadable == summary.broken_files == 4


def test_the_spotify_table_is_written_as_kaggle_writes_it(corpus: tuple[Path, CorpusSummary]) -> None:
    out, summary = corpus
    content = (out / "spotify" / "dataset.csv").read_bytes()
    assert b"\r" not in content
    rows = list(csv.reader(content.decode().splitlines()))
    assert tuple(rows[0]) == SPOTIFY_COLUMNS
    assert [row[0] for row in rows[1:]] == [str(number) for number in range(summary.spotify_rows)]
    assert {row[7] for row in rows[1:]} <= {"True", "False"}
    assert any(row[2:5] == ["", "", ""] for row in rows)
    genres = [row[-1] for row in rows[1:] if row[4] and row[2] != "The Broken Rows"]
    assert genres == sorted(genres)


@pytest.mark.realdata
def test_the_header_is_the_published_one(corpus: tuple[Path, CorpusSummary], realdata: Path) -> None:
    published = (realdata / "spotify" / "dataset.csv").read_text("utf-8").split("\n", 1)[0]
    assert (corpus[0] / "spotify" / "dataset.csv").read_text("utf-8").split("\n", 1)[0] == published


def test_the_same_seed_writes_the_same_bytes_again(
    corpus: tuple[Path, CorpusSummary], tmp_path: Path
) -> None:
    out, summary = corpus
    again = compose_corpus(tmp_path, songs=SONGS, seed=3)
    assert again == summary
    assert digests(tmp_path) == digests(out)


def test_composing_into_the_same_folder_again_changes_nothing(
    corpus: tuple[Path, CorpusSummary],
) -> None:
    out, summary = corpus
    before = digests(out)
    assert compose_corpus(out, songs=SONGS, seed=3) == summary
    assert digests(out) == before


def test_another_seed_writes_another_corpus_but_not_into_the_same_folder(
    corpus: tuple[Path, CorpusSummary], tmp_path: Path
) -> None:
    out, summary = corpus
    other = compose_corpus(tmp_path, songs=SONGS, seed=4)
    assert set(other.links).isdisjoint(summary.links)
    before = digests(out)
    for songs, seed in ((SONGS, 4), (SONGS - 1, 3)):
        with pytest.raises(InputError, match="another corpus"):
            compose_corpus(out, songs=songs, seed=seed)
    assert digests(out) == before


@pytest.mark.parametrize("table", ["spotify/dataset.csv", "msd/unique_tracks.txt"])
def test_a_table_of_something_else_is_not_written_over(tmp_path: Path, table: str) -> None:
    path = tmp_path / table
    path.parent.mkdir()
    path.write_text("the published table\n")
    with pytest.raises(InputError, match=path.name):
        compose_corpus(tmp_path, songs=1)
    assert path.read_text() == "the published table\n"
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == [path]


def test_the_bytes_are_the_same_on_every_machine(tmp_path: Path) -> None:
    """The digest changes when the composer does; on one state of it, it must be the same everywhere."""
    compose_corpus(tmp_path, songs=3, seed=0)
    whole = hashlib.sha256("".join(digests(tmp_path).values()).encode()).hexdigest()
    assert whole[:16] == "ab0da779a0c8e699"


def test_a_summary_is_one_line_for_people(corpus: tuple[Path, CorpusSummary]) -> None:
    text = str(corpus[1])
    assert text.startswith(f"{SONGS} songs by ")
    assert "\n" not in text


def test_progress_is_reported_per_song(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    compose_corpus(tmp_path, songs=2, progress=lambda stage, done, total: told.append((stage, done, total)))
    assert told == [("composing songs", 1, 2), ("composing songs", 2, 2)]


@pytest.mark.parametrize(("songs", "seed"), [(0, 0), (-3, 0), (5, -1)])
def test_invalid_arguments_are_refused_before_anything_is_written(
    tmp_path: Path, songs: int, seed: int
) -> None:
    with pytest.raises(InputError):
        compose_corpus(tmp_path, songs=songs, seed=seed)
    assert list(tmp_path.iterdir()) == []
