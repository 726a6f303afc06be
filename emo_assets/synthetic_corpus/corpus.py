"""The whole sample corpus: composes the songs and writes the three data sets.

`lmd_matched/` is written first and `spotify/dataset.csv` last: a corpus that has its Spotify table is whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from emo_assets.errors import InputError
from emo_assets.progress import Progress, no_progress
from emo_assets.store import atomic_write
from emo_assets.synthetic_corpus import msd_listing, spotify_listing
from emo_assets.synthetic_corpus.broken_files import broken_files
from emo_assets.synthetic_corpus.catalogue import Work, catalogue_of
from emo_assets.synthetic_corpus.composition import compose_song
from emo_assets.synthetic_corpus.file_formats import lakh_path, msd_names, spotify_table
from emo_assets.synthetic_corpus.msd_listing import MsdRow
from emo_assets.synthetic_corpus.sampling import sample_songs
from emo_assets.synthetic_corpus.seeded_random import SeededRandom
from emo_assets.synthetic_corpus.spotify_listing import SpotifyRow

SONGS_A_BROKEN_SET = 100
"""Of each kind of broken file there is one in so many songs, and at least one."""

_SHARE_WITH_SECOND_ARRANGEMENT = 0.10


@dataclass(frozen=True)
class CorpusSummary:
    """What a corpus holds.

    Attributes:
        songs: composed songs.
        artists: their artists.
        spotify_rows: rows of the Spotify table, the nameless and the broken one included.
        spotify_tracks: different tracks among them that are well-formed.
        msd_rows: lines of the MSD file, the broken one included.
        midi_files: readable files below `lmd_matched`.
        broken_files: unreadable ones.
        links: (Spotify track id, MSD track id) of the same recording, sorted: what linking should find.
    """

    songs: int
    artists: int
    spotify_rows: int
    spotify_tracks: int
    msd_rows: int
    midi_files: int
    broken_files: int
    links: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        """Say in one line what there is."""
        return (
            f"{self.songs} songs by {self.artists} artists: {self.spotify_rows} Spotify rows, "
            f"{self.msd_rows} MSD lines, {self.midi_files} MIDI files and {self.broken_files} broken ones"
        )


def compose_corpus(
    out: Path, *, songs: int = 240, seed: int = 0, progress: Progress = no_progress
) -> CorpusSummary:
    """Compose songs and write them as `spotify/dataset.csv`, `msd/unique_tracks.txt` and `lmd_matched/`.

    Args:
        out: the folder to write to.
        songs: how many songs, at least 1.
        seed: equal numbers of songs and seeds give equal bytes.
        progress: told of each song.

    Raises:
        InputError: fewer than one song is asked for, or `out` has tables or MIDI files of another corpus.
    """
    if songs < 1:
        raise InputError(f"a corpus has at least one song, not {songs}: ask for one or more")
    if seed < 0:
        raise InputError(f"the seed must be at least 0, got {seed}")
    works = catalogue_of(sample_songs(songs, seed), seed)
    spotify_rows = spotify_listing.listed(works, seed)
    msd_rows = msd_listing.listed(works, seed)
    tables = {
        out / "msd" / "unique_tracks.txt": msd_names(msd_rows),
        out / "spotify" / "dataset.csv": spotify_table(spotify_rows),
    }
    for path, content in tables.items():
        _refuse_another(path, content)
    lakh = out / "lmd_matched"
    tracks = {row.track_id for row in msd_rows}
    _refuse_others(lakh, {path for path in _midi_files_in(lakh) if path.parent.name not in tracks})
    readable, broken = _write_midi(lakh, works, msd_rows, seed, progress)
    _refuse_others(lakh, _midi_files_in(lakh) - readable - broken)
    for path, content in tables.items():
        with atomic_write(path) as file:
            file.write(content)
    return CorpusSummary(
        songs=songs,
        artists=len({work.artist for work in works}),
        spotify_rows=len(spotify_rows) + 2,
        spotify_tracks=len({row.track_id for row in spotify_rows}),
        msd_rows=len(msd_rows) + 1,
        midi_files=len(readable),
        broken_files=len(broken),
        links=_links(spotify_rows, msd_rows),
    )


def _midi_files_in(lakh: Path) -> set[Path]:
    return set(lakh.rglob("*.mid")) if lakh.is_dir() else set()


def _refuse_another(path: Path, content: bytes) -> None:
    """Refuse to write over a table that holds something else: it may be the published one."""
    if path.exists() and (path.stat().st_size != len(content) or path.read_bytes() != content):
        raise InputError(f"{path}: is a table of another corpus; give an empty folder, or remove it first")


def _refuse_others(lakh: Path, others: set[Path]) -> None:
    if others:
        raise InputError(
            f"{lakh}: holds {len(others)} MIDI files of another corpus; "
            "give an empty folder, or remove this one first"
        )


def _write_midi(
    lakh: Path, works: list[Work], msd_rows: list[MsdRow], seed: int, progress: Progress
) -> tuple[set[Path], set[Path]]:
    """Compose all songs and write them; return the paths of the readable and of the broken files."""
    listed_as: dict[int, list[str]] = {}
    for row in msd_rows:
        if row.work is not None:
            listed_as.setdefault(row.work, []).append(row.track_id)
    readable: set[Path] = set()
    broken: set[Path] = set()
    for work in works:
        plan = work.plan
        rng = SeededRandom(seed, "files", work.number)
        content = compose_song(plan.features, plan.style, plan.bars, plan.seed).to_midi()
        for track_id in listed_as[work.number]:
            readable.add(_write(lakh, track_id, content))
        if rng.bernoulli(_SHARE_WITH_SECOND_ARRANGEMENT):
            other = compose_song(plan.features, plan.style, plan.bars, plan.seed + 1).to_midi()
            readable.add(_write(lakh, listed_as[work.number][0], other))
        if work.number % SONGS_A_BROKEN_SET == 0:
            for place, damaged in enumerate(broken_files(content, work.number).values()):
                host = works[(work.number + place) % len(works)]
                broken.add(_write(lakh, listed_as[host.number][0], damaged))
        progress("composing songs", work.number + 1, len(works))
    return readable, broken


def _write(lakh: Path, msd_track_id: str, content: bytes) -> Path:
    path = lakh / lakh_path(msd_track_id, content)
    with atomic_write(path) as file:
        file.write(content)
    return path


def _links(spotify_rows: list[SpotifyRow], msd_rows: list[MsdRow]) -> tuple[tuple[str, str], ...]:
    tracks: dict[int, set[str]] = {}
    for row in spotify_rows:
        if row.work is not None:
            tracks.setdefault(row.work, set()).add(row.track_id)
    return tuple(
        sorted(
            (track_id, row.track_id)
            for row in msd_rows
            if row.work is not None
            for track_id in tracks[row.work]
        )
    )
