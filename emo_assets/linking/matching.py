"""Linking the Spotify table with the Million Song list: the joins, exact first, near titles last.

Tables in, tables out. How names are normalised stands in `names`, which near titles pass in `near`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from rapidfuzz import fuzz, process

from emo_assets.linking.fuzzy import MIN_SIMILARITY, same_distinctive_words, title_similarity
from emo_assets.linking.names import artist_keys, guests_of, leader_keys, parse_title, people_in
from emo_assets.linking.versions import is_generic_title
from emo_assets.progress import Progress, no_progress

COLUMNS: tuple[str, ...] = ("track_id", "msd_track_id", "method", "score")
"""The columns that `link_tracks` returns, in order."""

SURE = 1.0
"""Score of a link between equal titles of the same artists; each thing below takes some of it away."""

LESS_WHEN_ADDITION_DROPPED = 0.02
LESS_WHEN_ARTISTS_DIFFER = 0.03
LESS_WHEN_BAND_LEFT_OUT = 0.05
LESS_WHEN_SUBTITLE_MISSING = 0.1
LESS_WHEN_NEAR = 0.1

_STEPS = 4
_NOBODY = frozenset({"variousartists", "various", "unknown", "unknownartist", "traditional"})
"""What stands in tables for artists who are not named."""


def link_tracks(
    spotify: pd.DataFrame, msd: pd.DataFrame, *, progress: Progress = no_progress
) -> pd.DataFrame:
    """Find for each Spotify track the Million Song tracks that are the same recording of the same song.

    Two tracks are linked when they have the same primary artist, or all the same artists, and either their
    titles' normal forms are equal (method "exact"), or, for tracks that found nothing so, one has a subtitle
    in brackets that the other lacks ("exact", a lower score), or at last their titles differ like a slip of
    the pen ("fuzzy"). An artist who is only among others is not enough: remixes and remakes name the artist
    of the original so. Nor is a Million Song track linked that has a guest whom Spotify does not name: since
    Spotify names all who take part, it is another recording, with him. Titles that name different versions
    are never linked, nor those that name no piece in particular (`Allegro`, `Intro`).

    Args:
        spotify: `track_id`, `artists` and `track_name`; a track may stand in several rows.
        msd: `msd_track_id`, `artist` and `title`.
        progress: told of the steps, and of the artists compared in the last one.

    Returns:
        One row a pair of linked tracks with `COLUMNS`, sorted by both ids. All links of a track are kept,
        but those to a recording without the track's guests that is linked to a track without them, too.
        `score` is 1 for equal titles and artists, and lower for each thing that is less sure.
    """
    tracks = spotify[["track_id", "artists", "track_name"]].drop_duplicates("track_id")
    progress("linking", 0, _STEPS)
    tracks = tracks.rename(columns={"artists": "artist", "track_name": "title"})
    ours = _by_artist(tracks, lambda artists: artist_keys(artists.split(";")[0]))
    theirs = _by_artist(msd[["msd_track_id", "artist", "title"]], lambda artist: artist_keys(artist)[:1])
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
    has_own_track = links["msd_track_id"].isin(links.loc[~links["more_artists"], "msd_track_id"])
    links = links[~(links["more_artists"] & has_own_track)]
    links = links.sort_values(["track_id", "msd_track_id", "score"], ascending=[True, True, False])
    return links.drop_duplicates(["track_id", "msd_track_id"], ignore_index=True)[list(COLUMNS)]


def _by_artist(tracks: pd.DataFrame, primary: Callable[[str], tuple[str, ...]]) -> pd.DataFrame:
    """Give each track a row for each key under which its artists are to be found in the other table.

    Args:
        tracks: an id, `artist` and `title`.
        primary: picks the keys of the primary artist out of a field of artists.
    """
    fields = tracks["artist"].unique()
    keys = [(field, *key) for field in fields for key in _keys_to_join(field, primary(field))]
    table = pd.DataFrame(keys, columns=["artist", "artist_key", "others", "led"])
    table = table.astype({"artist": "str", "artist_key": "str", "others": "str", "led": "bool"})
    return tracks.merge(table, on="artist")


def _keys_to_join(artists: str, primary: tuple[str, ...]) -> list[tuple[str, str, bool]]:
    """Return the keys that stand for a field of artists.

    These are each name of the primary artist, all artists together in whatever order, two artists as one
    name (`Elton John & Kiki Dee`), and the leader of the primary artist's band. With each stand the artists
    that it leaves out, and whether it is a leader's.
    """
    keys = artist_keys(artists)
    others = ";".join(sorted(set(keys).difference(primary)))
    found = [(key, others, False) for key in primary]
    if others:
        found.append((";".join(sorted(keys)), "", False))
    if len(keys) == 2:
        found += [(f"{one}and{other}", "", False) for one, other in (keys, keys[::-1])]
    found += [(key, others, True) for key in leader_keys(artists)[:1] if key not in keys]
    return [key for key in found if key[0] not in _NOBODY]


def _parsed(titles: pd.Series[str]) -> pd.DataFrame:
    """Parse each different title once, leaving out those that name no piece in particular."""
    found = {title: parse_title(title) for title in titles.unique()}
    found = {title: parsed for title, parsed in found.items() if not is_generic_title(parsed.words)}
    parsed = list(found.values())
    keys = [title.key for title in parsed]
    return pd.DataFrame(
        {
            "title": pd.Series(list(found), dtype="str"),
            "name": pd.Series([key.name for key in keys], dtype="str"),
            "version": pd.Series([key.version for key in keys], dtype="str"),
            "short": pd.Series([title.short_name for title in parsed], dtype="str"),
            "bare": pd.Series([title.bare for title in parsed], dtype="bool"),
            "parsed": pd.Series(parsed, dtype="object"),
        }
    )


def _exact(ours: pd.DataFrame, theirs: pd.DataFrame) -> pd.DataFrame:
    pairs = ours.merge(theirs, on=["artist_key", "name", "version"], suffixes=("", "_theirs"))
    less = LESS_WHEN_ADDITION_DROPPED * (pairs["bare"] != pairs["bare_theirs"])
    return _links(pairs, "exact", SURE - less)


def _with_subtitle(ours: pd.DataFrame, theirs: pd.DataFrame) -> pd.DataFrame:
    """Link titles of which one has a subtitle in brackets and the other none."""
    pairs = ours.merge(theirs, on=["artist_key", "short", "version"], suffixes=("", "_theirs"))
    ours_has, theirs_has = pairs["name"] != pairs["short"], pairs["name_theirs"] != pairs["short"]
    pairs = pairs[ours_has ^ theirs_has]
    alike = (
        same_distinctive_words(one.words, other.words)
        for one, other in zip(pairs["parsed"], pairs["parsed_theirs"], strict=True)
    )
    pairs = pairs[np.fromiter(alike, dtype=bool, count=len(pairs))]
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
                similarity = title_similarity(
                    rows["parsed"].iloc[here].words, others["parsed"].iloc[there].words
                )
                if similarity is not None:
                    near.append((*block, rows["name"].iloc[here], others["name"].iloc[there], similarity))
        progress("comparing near titles", done, wanted.ngroups)
    columns = {
        "artist_key": "str",
        "version": "str",
        "name": "str",
        "name_theirs": "str",
        "similarity": "float64",
    }
    table = pd.DataFrame(near, columns=list(columns)).astype(columns)
    pairs = ours.merge(table, on=["artist_key", "version", "name"]).merge(
        theirs.rename(columns={"name": "name_theirs"}),
        on=["artist_key", "version", "name_theirs"],
        suffixes=("", "_theirs"),
    )
    return _links(pairs, "fuzzy", pairs["similarity"] - LESS_WHEN_NEAR)


def _similar(ours: pd.DataFrame, theirs: pd.DataFrame) -> list[tuple[int, int]]:
    """Return the positions of pairs of names that are similar enough to be looked at."""
    ratios = process.cdist(
        ours["name"].tolist(), theirs["name"].tolist(), scorer=fuzz.ratio, score_cutoff=MIN_SIMILARITY
    )
    return [(int(here), int(there)) for here, there in zip(*ratios.nonzero(), strict=True)]


def _links(pairs: pd.DataFrame, method: str, score: pd.Series[float]) -> pd.DataFrame:
    """Turn joined rows into links, less sure where the artists are not all the same.

    Two bands of one leader are two artists: they are not linked through him. Nor are tracks linked of which
    the second has guests that the first does not have.
    """
    more_artists = pairs["others"] != pairs["others_theirs"]
    less = LESS_WHEN_ARTISTS_DIFFER * more_artists
    less += LESS_WHEN_BAND_LEFT_OUT * (pairs["led"] | pairs["led_theirs"])
    links = pairs[["track_id", "msd_track_id"]].assign(
        method=method, score=(score - less).round(4), more_artists=more_artists
    )
    return links[_without_strangers(pairs) & ~(pairs["led"] & pairs["led_theirs"])]


def _without_strangers(pairs: pd.DataFrame) -> pd.Series[bool]:
    """Tell of each pair whether all guests of the Million Song track take part in the Spotify track."""
    sides = (pairs["artist"], pairs["title"], pairs["artist_theirs"], pairs["title_theirs"])
    known = [
        guests_of(their_artist, their_title) <= people_in(artist) | guests_of(artist, title)
        for artist, title, their_artist, their_title in zip(*sides, strict=True)
    ]
    return pd.Series(known, index=pairs.index, dtype="bool")


def _unlinked(tracks: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    name = "track_id" if "track_id" in tracks else "msd_track_id"
    return tracks[~tracks[name].isin(links[name])]
