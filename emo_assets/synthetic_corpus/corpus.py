"""Compose the sample corpus and write it in the formats of the three data sets.

`lmd_matched/` is written first and `spotify/dataset.csv` last: a corpus with a Spotify table is complete.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from emo_assets.errors import InputError
from emo_assets.midi.writer import encode_midi
from emo_assets.progress import Progress, no_progress
from emo_assets.store import atomic_write
from emo_assets.synthetic_corpus.auditions import audition_songs
from emo_assets.synthetic_corpus.catalogue import Work, make_catalogue
from emo_assets.synthetic_corpus.composition import compose_song
from emo_assets.synthetic_corpus.file_formats import lakh_path, msd_names, spotify_table
from emo_assets.synthetic_corpus.msd_listing import MsdRow, msd_rows
from emo_assets.synthetic_corpus.seeded_random import SeededRandom
from emo_assets.synthetic_corpus.spotify_listing import SpotifyRow, spotify_rows

SONGS_PER_BROKEN_SET = 100
"""One broken file of each kind is written for every so many songs."""

_SHARE_WITH_SECOND_ARRANGEMENT = 0.10


@dataclass(frozen=True)
class CorpusSummary:
    """The contents of a corpus.

    Attributes:
        songs: composed songs.
        artists: their artists.
        spotify_rows: rows of the Spotify table, including the two invalid ones.
        spotify_tracks: distinct tracks in the valid rows.
        msd_rows: lines of the MSD file, including the invalid one.
        midi_files: readable files below `lmd_matched`.
        broken_files: unreadable ones.
        links: (Spotify track id, MSD track id) of the same recording, sorted: the expected links.
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
        """Return the counts in one line."""
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
        songs: number of songs, at least 1.
        seed: the same number of songs and seed give the same bytes.
        progress: callback(stage, done, total), called once per song.

    Raises:
        InputError: `songs` or `seed` is out of range, or `out` has tables or MIDI files of another corpus.
    """
    if songs < 1:
        raise InputError(f"a corpus has at least one song, not {songs}: ask for one or more")
    if seed < 0:
        raise InputError(f"the seed must be at least 0, got {seed}")
    lakh = out / "lmd_matched"
    lakh.mkdir(parents=True, exist_ok=True)  # a place that cannot be written is known before the work
    composed = list(audition_songs(songs, seed, progress=progress))
    works = make_catalogue([song.plan for song in composed], seed)
    spotify, msd = spotify_rows(works, seed), msd_rows(works, seed)
    tables = {
        out / "msd" / "unique_tracks.txt": msd_names(msd),
        out / "spotify" / "dataset.csv": spotify_table(spotify),
    }
    for path, content in tables.items():
        if path.exists() and (path.stat().st_size != len(content) or path.read_bytes() != content):
            raise InputError(
                f"{path}: is a table of another corpus; give an empty folder, or remove it first"
            )
    tracks = {row.track_id for row in msd}
    _refuse_others(lakh, {path for path in lakh.rglob("*.mid") if path.parent.name not in tracks})
    readable, broken = _write_midi(lakh, works, [song.midi for song in composed], msd, seed)
    _refuse_others(lakh, set(lakh.rglob("*.mid")) - readable - broken)
    for path, content in tables.items():
        with atomic_write(path) as file:
            file.write(content)
    return CorpusSummary(
        songs=songs,
        artists=len({work.artist for work in works}),
        spotify_rows=len(spotify) + 2,
        spotify_tracks=len({row.track_id for row in spotify}),
        msd_rows=len(msd) + 1,
        midi_files=len(readable),
        broken_files=len(broken),
        links=_links(spotify, msd),
    )


def _refuse_others(lakh: Path, others: set[Path]) -> None:
    if others:
        raise InputError(
            f"{lakh}: holds {len(others)} MIDI files of another corpus; "
            "give an empty folder, or remove this one first"
        )


def _write_midi(
    lakh: Path, works: list[Work], files: list[bytes], msd: list[MsdRow], seed: int
) -> tuple[set[Path], set[Path]]:
    """Write all songs; return the paths of the readable and of the broken files."""
    tracks: dict[int | None, list[str]] = {}
    for row in msd:
        tracks.setdefault(row.work, []).append(row.track_id)
    readable: set[Path] = set()
    broken: set[Path] = set()
    for work, content in zip(works, files, strict=True):
        plan = work.plan
        rng = SeededRandom(seed, "files", work.number)
        readable |= {_write(lakh, track_id, content) for track_id in tracks[work.number]}
        if rng.bernoulli(_SHARE_WITH_SECOND_ARRANGEMENT):
            other = compose_song(plan.features, plan.style, plan.bars, plan.seed + 1).to_midi()
            readable.add(_write(lakh, tracks[work.number][0], other))
        if work.number % SONGS_PER_BROKEN_SET == 0:
            for index, damaged in enumerate(_broken_files(content, work.number)):
                host = works[(work.number + index) % len(works)]
                broken.add(_write(lakh, tracks[host.number][0], damaged))
    return readable, broken


def _broken_files(intact: bytes, number: int) -> tuple[bytes, ...]:
    """Return unreadable files, as every large collection has them: truncated, text, two bytes, no notes."""
    return (
        intact[:36],  # before the first note: what is left of a longer file is read
        f"Sorry, file {number} was removed at the request of its author.\n".encode(),
        bytes([0x4D, number % 256]),
        encode_midi((), tempos=((0, 90.0 + number),)),
    )


def _write(lakh: Path, msd_track_id: str, content: bytes) -> Path:
    path = lakh / lakh_path(msd_track_id, content)
    with atomic_write(path) as file:
        file.write(content)
    return path


def _links(spotify: list[SpotifyRow], msd: list[MsdRow]) -> tuple[tuple[str, str], ...]:
    tracks: dict[int, set[str]] = {}
    for row in spotify:
        if row.work is not None:
            tracks.setdefault(row.work, set()).add(row.track_id)
    pairs = ((track_id, row.track_id) for row in msd if row.work is not None for track_id in tracks[row.work])
    return tuple(sorted(pairs))
