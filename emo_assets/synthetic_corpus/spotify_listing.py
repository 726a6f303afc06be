"""The songs in the Spotify table: versions and genres of a song, guests, remasters, and other songs."""

from __future__ import annotations

import string
from dataclasses import dataclass, replace

from emo_assets.features import FeatureVector
from emo_assets.synthetic_corpus.catalogue import Work, artist_names, identifier, new_artist
from emo_assets.synthetic_corpus.invented_names import album_name, song_title
from emo_assets.synthetic_corpus.sampling import sample_songs
from emo_assets.synthetic_corpus.seeded_random import SeededRandom

_BASE_62 = string.digits + string.ascii_letters
_VENUES = ("Berlin", "the Roundhouse", "Tokyo", "Studio 4", "The Old Mill", "São Paulo")
_REMIXERS = ("Kasper Nyl", "Ondine", "DJ Halcyon", "Two Rivers")


@dataclass(frozen=True)
class SpotifyRow:
    """A row of the Kaggle table; fields have the names of its columns, except for these.

    Attributes:
        artists: the artists, the main one first.
        features: the ten features.
        work: number of the work if it is its studio recording, or None.
    """

    track_id: str
    artists: tuple[str, ...]
    album_name: str
    track_name: str
    popularity: int
    duration_ms: int
    explicit: bool
    features: FeatureVector
    speechiness: float
    liveness: float
    track_genre: str
    work: int | None


def spotify_rows(works: list[Work], seed: int) -> list[SpotifyRow]:
    """List every work, some in several versions or under several genres, and songs that are not in MSD."""
    rows: list[SpotifyRow] = []
    for work in works:
        rng = SeededRandom(seed, "spotify", work.number)
        main = _main_row(work, seed, rng)
        versions = [main]
        if rng.bernoulli(0.10):
            versions.append(_remaster(main, seed, rng))
        if rng.bernoulli(0.08):
            versions.append(_live(main, work, seed, rng))
        if rng.bernoulli(0.06):
            versions.append(_remix(main, work, seed, rng))
        for version in versions:
            rows.append(version)
            if rng.bernoulli(0.3):
                others = [genre for genre in work.plan.style.genres if genre != version.track_genre]
                rows += [replace(version, track_genre=genre) for genre in others[: 1 + rng.below(2)]]
    return rows + _other_songs(works, seed)


def _track_id(seed: int, number: int | None, version: str) -> str:
    return identifier(_BASE_62, 22, "spotify", seed, number, version)


def _main_row(work: Work, seed: int, rng: SeededRandom) -> SpotifyRow:
    title = work.title
    artists: tuple[str, ...] = (work.artist,)
    if work.guest:
        artists = (work.artist, work.guest)
        title = f"{title} (feat. {work.guest})" if rng.bernoulli(0.6) else title
    year = 1994 + rng.below(26)
    if rng.bernoulli(0.15):
        title += rng.pick((f" - Remastered {year}", f" - {year} Remaster", " - Remastered", " (Remastered)"))
    features = work.plan.listed
    seconds = work.plan.bars * features.time_signature * 60 / features.tempo
    return SpotifyRow(
        track_id=_track_id(seed, work.number, "main"),
        artists=artists,
        album_name=work.album,
        track_name=title,
        popularity=int(90 * max(0.0, rng.uniform() - 0.1)),
        duration_ms=int(seconds * 1000),
        explicit=rng.bernoulli(0.08),
        features=features,
        speechiness=_round(0.028 + 0.12 * min(rng.uniform(), rng.uniform())),
        liveness=_round(0.06 + 0.3 * min(rng.uniform(), rng.uniform())),
        track_genre=work.plan.style.genres[0],
        work=work.number,
    )


def _remaster(row: SpotifyRow, seed: int, rng: SeededRandom) -> SpotifyRow:
    """Return a later edition of the recording: a little louder, less popular."""
    plain = row.track_name.split(" - ")[0].removesuffix(" (Remastered)")
    loudness = round(min(-0.5, row.features.loudness + rng.between(0.2, 0.9)), 3)
    return replace(
        row,
        track_id=_track_id(seed, row.work, "remaster"),
        album_name=f"{row.album_name} (Deluxe Edition)",
        track_name=f"{plain} - {2005 + rng.below(18)} Remaster",
        popularity=row.popularity // 2,
        features=row.features.model_copy(update={"loudness": loudness}),
    )


def _live(row: SpotifyRow, work: Work, seed: int, rng: SeededRandom) -> SpotifyRow:
    """Return a concert recording, which the MIDI file does not transcribe."""
    venue = rng.pick(_VENUES)
    title = f"{work.title}{rng.pick((f' - Live at {venue}', f' (Live in {venue})', ' - Live'))}"
    tempo = round(row.features.tempo * rng.between(1.02, 1.08), 3)
    return replace(
        row,
        track_id=_track_id(seed, row.work, "live"),
        album_name=f"Live at {venue}",
        track_name=title,
        popularity=row.popularity // 3,
        liveness=_round(rng.between(0.6, 0.98)),
        features=row.features.model_copy(update={"tempo": tempo}),
        work=None,
    )


def _remix(row: SpotifyRow, work: Work, seed: int, rng: SeededRandom) -> SpotifyRow:
    """Return a remix, which the MIDI file does not transcribe."""
    changes = {"danceability": 0.82, "tempo": round(rng.between(122, 128), 3), "acousticness": 0.004}
    return replace(
        row,
        track_id=_track_id(seed, row.work, "remix"),
        album_name=f"{work.title} (Remixes)",
        track_name=f"{work.title} - {rng.pick(_REMIXERS)} Remix",
        track_genre="house",
        popularity=row.popularity // 2,
        features=row.features.model_copy(update=changes),
        work=None,
    )


def _other_songs(works: list[Work], seed: int) -> list[SpotifyRow]:
    """Return songs that are not in MSD, a third as many as there are works."""
    rng = SeededRandom(seed, "strangers")
    taken = artist_names(works)
    rows = []
    for number, plan in enumerate(sample_songs(len(works) // 3, seed + 1)):
        title = song_title(rng)
        artist = new_artist(taken, rng)
        work = Work(number, artist, "", title, album_name(artist, title, rng), plan)
        row = _main_row(work, seed, rng)
        rows.append(replace(row, track_id=_track_id(seed, number, "stranger"), work=None))
    return rows


def _round(value: float) -> float:
    return float(f"{value:.3g}")
