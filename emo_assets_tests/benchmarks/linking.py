"""Read and link tables of the real size: 114,000 Spotify rows, 1,000,000 MSD rows.

The names are random words. Some Spotify tracks are variants of MSD titles that must be linked, others are
sequels and other versions that must not.
"""

from __future__ import annotations

import multiprocessing
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from emo_assets.datasets.msd import read_msd
from emo_assets.datasets.spotify import COLUMNS, read_spotify
from emo_assets.features import FEATURE_NAMES
from emo_assets.linking.matching import link_tracks
from emo_assets_tests.benchmarks.figure import Figure

SPOTIFY_ROWS = 114_000
MSD_ROWS = 1_000_000
MSD_ARTISTS = 70_000
SHARED_ARTISTS = 15_000
KNOWN_LINKS = 20_000
DECOYS = 10_000

SAME_SONG = (
    "{title}",
    "{title} - Remastered 2011",
    "{title} (feat. Ada Quill)",
    '{title} - From "A Film"',
    "{title} (Single Version)",
    "{TITLE}",
    "The {title}",
    "{misspelled}",
)
OTHER_SONG = ("{title} II", "{title} - Live", "{title} (Club Remix)", "{title} 7", "{title}s", "My {title}")

SYLLABLES = [
    "ba",
    "dor",
    "li",
    "mi",
    "ne",
    "ra",
    "sun",
    "ter",
    "ve",
    "wol",
    "ka",
    "pho",
    "gri",
    "shu",
    "lam",
    "ox",
]


def random_words(count: int, rng: np.random.Generator) -> list[str]:
    """Return `count` different words of two to four syllables."""
    words: dict[str, None] = {}
    while len(words) < count:
        words["".join(rng.choice(SYLLABLES, rng.integers(2, 5)))] = None
    return list(words)


def random_tables(seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, str]]:
    """Return the names of both tables, and the true MSD track of Spotify tracks."""
    rng = np.random.default_rng(seed)
    words = np.array(random_words(12_000, rng))
    artists = [
        " ".join(pair).title() for pair in words[rng.integers(0, len(words), (MSD_ARTISTS + 16_000, 2))]
    ]
    of_artist = (rng.random(MSD_ROWS) ** 2 * MSD_ARTISTS).astype(int)
    lengths = rng.integers(1, 6, MSD_ROWS)
    chosen = words[rng.integers(0, len(words), (MSD_ROWS, 5))]
    titles = [" ".join(row[:length]).title() for row, length in zip(chosen, lengths, strict=True)]
    ids = [f"TR{'ABCDEFGHIJ'[n // 100_000]}AAAA{n:011X}" for n in range(MSD_ROWS)]
    msd = pd.DataFrame(
        {"msd_track_id": ids, "artist": [artists[place] for place in of_artist], "title": titles}, dtype="str"
    )
    linkable = rng.permutation(np.flatnonzero(of_artist < SHARED_ARTISTS))[: KNOWN_LINKS + DECOYS]
    names: list[tuple[str, str]] = []
    for place, row in enumerate(linkable):
        forms = SAME_SONG if place < KNOWN_LINKS else OTHER_SONG
        form = forms[place % len(forms)]
        names.append((artists[of_artist[row]], fill_form(form, titles[row])))
    for _ in range(SPOTIFY_ROWS - len(names)):
        artist = artists[
            rng.choice((rng.integers(0, SHARED_ARTISTS), rng.integers(MSD_ARTISTS, len(artists))))
        ]
        names.append((artist, " ".join(rng.choice(words, rng.integers(1, 6))).title()))
    spotify = pd.DataFrame(names, columns=["artists", "track_name"], dtype="str")
    spotify.insert(0, "track_id", [f"{n:022d}" for n in range(SPOTIFY_ROWS)])
    truth = {f"{place:022d}": ids[row] for place, row in enumerate(linkable[:KNOWN_LINKS])}
    return spotify, msd, truth


def fill_form(form: str, title: str) -> str:
    """Write a title in one of the forms of `SAME_SONG` or `OTHER_SONG`; misspelled: with a letter doubled."""
    middle = len(title) // 2
    misspelled = title[:middle] + title[middle] * 2 + title[middle + 1 :]
    return form.format(title=title, TITLE=title.upper(), misspelled=misspelled)


def write_tables(spotify: pd.DataFrame, msd: pd.DataFrame, folder: Path) -> tuple[Path, Path]:
    """Write both tables in the data sets' formats, and return the paths."""
    spotify_path, msd_path = folder / "dataset.csv", folder / "unique_tracks.txt"
    numbers = ("popularity", "duration_ms", "speechiness", "liveness", *FEATURE_NAMES)
    constant = dict.fromkeys(numbers, 1) | {"explicit": False}
    spotify.assign(album_name="Album, with a comma", track_genre="pop", **constant)[list(COLUMNS)].to_csv(
        spotify_path
    )
    lines = zip(msd["msd_track_id"], msd["artist"], msd["title"], strict=True)
    song = "SOAAAAA00000000000"
    with msd_path.open("w", encoding="utf-8") as file:
        file.writelines(f"{track}<SEP>{song}<SEP>{artist}<SEP>{title}\n" for track, artist, title in lines)
    return spotify_path, msd_path


def measure() -> list[Figure]:
    """Read and link the tables in a process of its own, so that the peak memory is theirs."""
    seconds: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        spotify, msd, truth = random_tables()
        spotify_path, msd_path = write_tables(spotify, msd, Path(folder))
        started = time.perf_counter()
        spotify = read_spotify(spotify_path).rows
        seconds["spotify"] = time.perf_counter() - started
        started = time.perf_counter()
        msd = read_msd(msd_path).rows
        seconds["msd"] = time.perf_counter() - started
    started = time.perf_counter()
    links = link_tracks(spotify, msd)
    seconds["linking"] = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    found = links["track_id"].map(truth) == links["msd_track_id"]
    right = sum(found)
    judged = links["track_id"].astype("int64") < KNOWN_LINKS + DECOYS
    size = f"{SPOTIFY_ROWS:,} x {MSD_ROWS:,} random rows"
    return [
        Figure("reading the Spotify table", seconds["spotify"], "s", f"{SPOTIFY_ROWS:,} rows"),
        Figure("reading the MSD names", seconds["msd"], "s", f"{MSD_ROWS:,} lines"),
        Figure("linking", seconds["linking"], "s", f"{size}, {len(links):,} links; budget 60 s"),
        Figure(
            "memory at its peak, reading and linking", peak, "GiB", "budget 3 GB; including the random rows"
        ),
        Figure("known links found", right / KNOWN_LINKS, "share", f"of {KNOWN_LINKS:,}"),
        Figure(
            "found links of known tracks that are right", right / sum(judged), "share", f"{DECOYS:,} decoys"
        ),
    ]


def figures() -> Iterator[Figure]:
    """Yield time and memory of reading and linking, and the quality of the links."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        yield from pool.apply(measure)
