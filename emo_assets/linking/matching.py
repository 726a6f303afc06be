"""Linking the Spotify table with the Million Song list: the joins, exact first, near titles last.

Tables in, tables out. How names are normalised stands in `names`, which near titles pass in `near`.
"""

from __future__ import annotations

import pandas as pd
from rapidfuzz import fuzz, process

from emo_assets.linking.names import artist_keys, leader_keys, parse_title
from emo_assets.linking.near import LEAST_SIMILARITY, differ_harmlessly, nearness
from emo_assets.linking.versions import names_no_piece
from emo_assets.progress import Progress, silent

COLUMNS: tuple[str, ...] = ("track_id", "msd_track_id", "method", "score")
"""The columns that `link_tracks` returns, in order."""

SURE = 1.0
"""Score of a link between equal names of a title and of the primary artist."""

LESS_WHEN_ADDITION_DROPPED = 0.02
LESS_WHEN_SECOND_ARTIST = 0.05
LESS_WHEN_BAND_LEFT_OUT = 0.05
LESS_WHEN_SUBTITLE_MISSING = 0.1
LESS_WHEN_NEAR = 0.1

_STEPS = 4
_NOBODY = frozenset({"variousartists", "various", "unknown", "unknownartist", "traditional"})
"""What stands in tables for artists who are not named."""


def link_tracks(spotify: pd.DataFrame, msd: pd.DataFrame, *, progress: Progress = silent) -> pd.DataFrame:
    """Find for each Spotify track the Million Song tracks that are the same recording of the same song.

    Two tracks are linked when they share an artist and either their titles' normal forms are equal (method
    "exact"), or one has a subtitle in brackets that the other lacks ("exact", a lower score), or, for
    tracks that found nothing so, their titles differ like a slip of the pen ("fuzzy"). Titles that name
    different versions are never linked, nor those that name no piece in particular (`Allegro`, `Intro`).

    Args:
        spotify: `track_id`, `artists` and `track_name`; a track may stand in several rows.
        msd: `msd_track_id`, `artist` and `title`.
        progress: told of the steps, and of the artists compared in the last one.

    Returns:
        One row a pair of linked tracks with `COLUMNS`, sorted by both ids. All links of a track are kept;
        `score` is 1 for equal titles and primary artists, and lower for each thing that is less sure.
    """
    tracks = spotify[["track_id", "artists", "track_name"]].drop_duplicates("track_id")
    progress("linking", 0, _STEPS)
    ours = _by_artist(tracks.rename(columns={"artists": "artist", "track_name": "title"}))
    theirs = _by_artist(msd[["msd_track_id", "artist", "title"]])
    shared = set(ours["artist_key"]) & set(theirs["artist_key"])
    ours = ours[ours["artist_key"].isin(shared)]
    theirs = theirs[theirs["artist_key"].isin(shared)]
    progress("linking", 1, _STEPS)
    titles = _parsed(pd.concat([ours["title"], theirs["title"]]))
    ours = ours.merge(titles, on="title")
    theirs = theirs.merge(titles, on="title")
    progress("linking", 2, _STEPS)
    exact = _exact(ours, theirs)
    links = pd.concat([exact, _with_subtitle(_unlinked(ours, exact), _unlinked(theirs, exact))])
    progress("linking", 3, _STEPS)
    links = pd.concat([links, _near(_unlinked(ours, links), _unlinked(theirs, links), progress)])
    progress("linking", _STEPS, _STEPS)
    links = links.sort_values(["track_id", "msd_track_id", "score"], ascending=[True, True, False])
    return links.drop_duplicates(["track_id", "msd_track_id"], ignore_index=True)[list(COLUMNS)]


def _by_artist(tracks: pd.DataFrame) -> pd.DataFrame:
    """Give each track a row for each key of its artists, with what a link by that key lacks in sureness."""
    names = tracks["artist"].unique()
    keys = [(name, *key) for name in names for key in _keys_to_join(name)]
    table = pd.DataFrame(keys, columns=["artist", "artist_key", "less", "led"])
    return tracks.merge(table, on="artist").drop(columns="artist")


def _keys_to_join(artists: str) -> list[tuple[str, float, bool]]:
    """Return the keys of a field of artists, what each lacks, and whether it is a band's leader."""
    keys = artist_keys(artists)
    found = [(key, LESS_WHEN_SECOND_ARTIST if place else 0.0, False) for place, key in enumerate(keys)]
    if len(keys) == 2:
        found += [(f"{one}and{other}", 0.0, False) for one, other in (keys, keys[::-1])]
    found += [(key, LESS_WHEN_BAND_LEFT_OUT, True) for key in leader_keys(artists) if key not in keys]
    return [key for key in found if key[0] not in _NOBODY]


def _parsed(titles: pd.Series[str]) -> pd.DataFrame:
    """Parse each different title once."""
    unique = titles.unique()
    parsed = [parse_title(title) for title in unique]
    keys = [title.key for title in parsed]
    return pd.DataFrame(
        {
            "title": unique,
            "name": [key.name for key in keys],
            "version": [key.version for key in keys],
            "short": [title.short_name for title in parsed],
            "bare": [title.bare for title in parsed],
            "parsed": pd.Series(parsed, dtype=object),
        }
    )[[not names_no_piece(title.words) for title in parsed]]


def _exact(ours: pd.DataFrame, theirs: pd.DataFrame) -> pd.DataFrame:
    pairs = ours.merge(theirs, on=["artist_key", "name", "version"], suffixes=("", "_theirs"))
    less = LESS_WHEN_ADDITION_DROPPED * (pairs["bare"] != pairs["bare_theirs"])
    return _links(pairs, "exact", SURE - less)


def _with_subtitle(ours: pd.DataFrame, theirs: pd.DataFrame) -> pd.DataFrame:
    """Link titles of which one has a subtitle in brackets and the other none."""
    pairs = ours.merge(theirs, on=["artist_key", "short", "version"], suffixes=("", "_theirs"))
    ours_has, theirs_has = pairs["name"] != pairs["short"], pairs["name_theirs"] != pairs["short"]
    pairs = pairs[ours_has ^ theirs_has]
    alike = [
        differ_harmlessly(one.words, other.words)
        for one, other in zip(pairs["parsed"], pairs["parsed_theirs"], strict=True)
    ]
    pairs = pairs[alike]
    return _links(pairs, "exact", pd.Series(SURE - LESS_WHEN_SUBTITLE_MISSING, index=pairs.index))


def _near(ours: pd.DataFrame, theirs: pd.DataFrame, progress: Progress) -> pd.DataFrame:
    """Link titles of one artist and version that differ like a slip of the pen."""
    near: list[tuple[str, str, str, str, float]] = []
    blocks = theirs.drop_duplicates(["artist_key", "version", "name"]).groupby(["artist_key", "version"])
    candidates = dict(iter(blocks[["name", "parsed"]]))
    wanted = ours.drop_duplicates(["artist_key", "version", "name"]).groupby(["artist_key", "version"])
    for done, (block, rows) in enumerate(wanted, 1):
        if block in candidates:
            others = candidates[block]
            for here, there in _similar(rows, others):
                similarity = nearness(rows["parsed"].iloc[here].words, others["parsed"].iloc[there].words)
                if similarity is not None:
                    near.append((*block, rows["name"].iloc[here], others["name"].iloc[there], similarity))
        progress("comparing near titles", done, wanted.ngroups)
    table = pd.DataFrame(near, columns=["artist_key", "version", "name", "name_theirs", "similarity"])
    pairs = ours.merge(table, on=["artist_key", "version", "name"]).merge(
        theirs.rename(columns={"name": "name_theirs"}),
        on=["artist_key", "version", "name_theirs"],
        suffixes=("", "_theirs"),
    )
    return _links(pairs, "fuzzy", pairs["similarity"] - LESS_WHEN_NEAR)


def _similar(ours: pd.DataFrame, theirs: pd.DataFrame) -> list[tuple[int, int]]:
    """Return the positions of pairs of names that are similar enough to be looked at."""
    ratios = process.cdist(
        ours["name"].tolist(), theirs["name"].tolist(), scorer=fuzz.ratio, score_cutoff=LEAST_SIMILARITY
    )
    return [(int(here), int(there)) for here, there in zip(*ratios.nonzero(), strict=True)]


def _links(pairs: pd.DataFrame, method: str, score: pd.Series[float]) -> pd.DataFrame:
    """Turn joined rows into links, less sure where the artists are not the primary ones.

    Two bands of one leader are two artists: they are not linked through him.
    """
    apart = pairs["led"] & pairs["led_theirs"]
    sureness = score - pairs["less"] - pairs["less_theirs"]
    return pairs[["track_id", "msd_track_id"]].assign(method=method, score=sureness.round(4))[~apart]


def _unlinked(tracks: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    name = "track_id" if "track_id" in tracks else "msd_track_id"
    return tracks[~tracks[name].isin(links[name])]
