"""Link the Spotify table with the Million Song list: exact titles first, similar titles last."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from rapidfuzz import fuzz, process

from emo_assets.linking.fuzzy import MIN_SIMILARITY, same_distinctive_words, title_similarity
from emo_assets.linking.names import artist_keys, guest_keys, leader_keys, parse_title, person_keys
from emo_assets.linking.versions import is_generic_title
from emo_assets.progress import Progress, no_progress

COLUMNS: tuple[str, ...] = ("track_id", "msd_track_id", "method", "score")
"""The columns that `link_tracks` returns, in order."""

MAX_SCORE = 1.0
"""Score of a link between equal titles by the same artists; the penalties below are subtracted from it."""

ADDITION_DROPPED_PENALTY = 0.02
ARTISTS_DIFFER_PENALTY = 0.03
BAND_LEADER_PENALTY = 0.05
SUBTITLE_MISSING_PENALTY = 0.1
FUZZY_PENALTY = 0.1

_STEPS = 4
_ANONYMOUS = frozenset({"variousartists", "various", "unknown", "unknownartist", "traditional"})
"""Entries for unnamed artists."""


def link_tracks(
    spotify: pd.DataFrame, msd: pd.DataFrame, *, progress: Progress = no_progress
) -> pd.DataFrame:
    """Find the Million Song tracks that are the same recording as a Spotify track.

    Two tracks are linked if they have the same primary artist, or all the same artists, and their titles'
    normal forms are equal (method "exact"). Tracks without such a link are linked if only one of the titles
    has a subtitle in brackets ("exact", with a lower score), and the rest if their titles differ by a
    spelling mistake ("fuzzy").

    A shared secondary artist is not sufficient: remixes and remakes list the original artist. A Million Song
    track with a guest whom Spotify does not list is another recording, since Spotify lists all artists.
    Titles of different versions are never linked, nor are generic ones (`Allegro`, `Intro`).

    Args:
        spotify: `track_id`, `artists` and `track_name`; a track may have several rows.
        msd: `msd_track_id`, `artist` and `title`.
        progress: callback(stage, done, total) of the steps, and of the artists in the last one.

    Returns:
        One row per pair of linked tracks with `COLUMNS`, sorted by both ids. All links of a track are kept,
        except those of a track with guests to a recording without them that is linked to another track
        without them. `score` is 1 for equal titles and artists.
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
    titles = _parse_titles(pd.concat([ours["title"], theirs["title"]]))
    ours = ours.merge(titles, on="title")
    theirs = theirs.merge(titles, on="title")
    progress("linking", 2, _STEPS)
    exact = _exact(ours, theirs)
    links = pd.concat([exact, _with_subtitle(_unlinked(ours, exact), _unlinked(theirs, exact))])
    progress("linking", 3, _STEPS)
    links = pd.concat([links, _fuzzy(_unlinked(ours, links), _unlinked(theirs, links), progress)])
    progress("linking", _STEPS, _STEPS)
    has_own_track = links["msd_track_id"].isin(links.loc[~links["more_artists"], "msd_track_id"])
    links = links[~(links["more_artists"] & has_own_track)]
    links = links.sort_values(["track_id", "msd_track_id", "score"], ascending=[True, True, False])
    return links.drop_duplicates(["track_id", "msd_track_id"], ignore_index=True)[list(COLUMNS)]


def _by_artist(tracks: pd.DataFrame, primary: Callable[[str], tuple[str, ...]]) -> pd.DataFrame:
    """Return a row for each track and key of its artists.

    Args:
        tracks: an id, `artist` and `title`.
        primary: returns the keys of the primary artist in a field of artists.
    """
    fields = tracks["artist"].unique()
    keys = [(field, *key) for field in fields for key in _join_keys(field, primary(field))]
    table = pd.DataFrame(keys, columns=["artist", "artist_key", "others", "led"])
    table = table.astype({"artist": "str", "artist_key": "str", "others": "str", "led": "bool"})
    return tracks.merge(table, on="artist")


def _join_keys(artists: str, primary: tuple[str, ...]) -> list[tuple[str, str, bool]]:
    """Return (key, other artists, whether it is a band leader's) of each key to join a field of artists by.

    The keys are those of the primary artist, all artists in sorted order, two artists as one name (`Elton
    John & Kiki Dee`), and the leader of the primary artist's band.
    """
    keys = artist_keys(artists)
    others = ";".join(sorted(set(keys).difference(primary)))
    found = [(key, others, False) for key in primary]
    if others:
        found.append((";".join(sorted(keys)), "", False))
    if len(keys) == 2:
        found += [(f"{one}and{other}", "", False) for one, other in (keys, keys[::-1])]
    found += [(key, others, True) for key in leader_keys(artists)[:1] if key not in keys]
    return [key for key in found if key[0] not in _ANONYMOUS]


def _parse_titles(titles: pd.Series[str]) -> pd.DataFrame:
    """Parse each distinct title, without the generic ones."""
    found = {title: parse_title(title) for title in titles.unique()}
    found = {title: parsed for title, parsed in found.items() if not is_generic_title(parsed.words)}
    parsed = list(found.values())
    return pd.DataFrame(
        {
            "title": pd.Series(list(found), dtype="str"),
            "name": pd.Series([title.name for title in parsed], dtype="str"),
            "version": pd.Series([title.version for title in parsed], dtype="str"),
            "short": pd.Series([title.short_name for title in parsed], dtype="str"),
            "addition_dropped": pd.Series([title.addition_dropped for title in parsed], dtype="bool"),
            "parsed": pd.Series(parsed, dtype="object"),
        }
    )


def _exact(ours: pd.DataFrame, theirs: pd.DataFrame) -> pd.DataFrame:
    pairs = ours.merge(theirs, on=["artist_key", "name", "version"], suffixes=("", "_theirs"))
    penalty = ADDITION_DROPPED_PENALTY * (pairs["addition_dropped"] != pairs["addition_dropped_theirs"])
    return _links(pairs, "exact", MAX_SCORE - penalty)


def _with_subtitle(ours: pd.DataFrame, theirs: pd.DataFrame) -> pd.DataFrame:
    """Link pairs of titles if only one has a subtitle in brackets."""
    pairs = ours.merge(theirs, on=["artist_key", "short", "version"], suffixes=("", "_theirs"))
    ours_has, theirs_has = pairs["name"] != pairs["short"], pairs["name_theirs"] != pairs["short"]
    pairs = pairs[ours_has ^ theirs_has]
    alike = (
        same_distinctive_words(one.words, other.words)
        for one, other in zip(pairs["parsed"], pairs["parsed_theirs"], strict=True)
    )
    pairs = pairs[np.fromiter(alike, dtype=bool, count=len(pairs))]
    return _links(pairs, "exact", pd.Series(MAX_SCORE - SUBTITLE_MISSING_PENALTY, index=pairs.index))


def _fuzzy(ours: pd.DataFrame, theirs: pd.DataFrame, progress: Progress) -> pd.DataFrame:
    """Link titles of one artist and version that differ by a spelling mistake."""
    similar: list[tuple[str, str, str, str, float]] = []
    blocks = theirs.drop_duplicates(["artist_key", "version", "name"]).groupby(["artist_key", "version"])
    candidates = dict(iter(blocks[["name", "parsed"]]))
    wanted = ours.drop_duplicates(["artist_key", "version", "name"]).groupby(["artist_key", "version"])
    for done, (block, rows) in enumerate(wanted, 1):
        if block in candidates:
            others = candidates[block]
            for here, there in _candidates(rows, others):
                similarity = title_similarity(
                    rows["parsed"].iloc[here].words, others["parsed"].iloc[there].words
                )
                if similarity is not None:
                    similar.append((*block, rows["name"].iloc[here], others["name"].iloc[there], similarity))
        progress("comparing similar titles", done, wanted.ngroups)
    columns = {
        "artist_key": "str",
        "version": "str",
        "name": "str",
        "name_theirs": "str",
        "similarity": "float64",
    }
    table = pd.DataFrame(similar, columns=list(columns)).astype(columns)
    pairs = ours.merge(table, on=["artist_key", "version", "name"]).merge(
        theirs.rename(columns={"name": "name_theirs"}),
        on=["artist_key", "version", "name_theirs"],
        suffixes=("", "_theirs"),
    )
    return _links(pairs, "fuzzy", pairs["similarity"] - FUZZY_PENALTY)


def _candidates(ours: pd.DataFrame, theirs: pd.DataFrame) -> list[tuple[int, int]]:
    """Return the indices of pairs of names above `MIN_SIMILARITY`."""
    ratios = process.cdist(
        ours["name"].tolist(), theirs["name"].tolist(), scorer=fuzz.ratio, score_cutoff=MIN_SIMILARITY
    )
    return [(int(here), int(there)) for here, there in zip(*ratios.nonzero(), strict=True)]


def _links(pairs: pd.DataFrame, method: str, score: pd.Series[float]) -> pd.DataFrame:
    """Return links for joined rows, with penalties for different artists.

    Two bands of one leader are not linked, nor are tracks whose second has guests that the first lacks.
    """
    more_artists = pairs["others"] != pairs["others_theirs"]
    penalty = ARTISTS_DIFFER_PENALTY * more_artists
    penalty += BAND_LEADER_PENALTY * (pairs["led"] | pairs["led_theirs"])
    links = pairs[["track_id", "msd_track_id"]].assign(
        method=method, score=(score - penalty).round(4), more_artists=more_artists
    )
    return links[_guests_match(pairs) & ~(pairs["led"] & pairs["led_theirs"])]


def _guests_match(pairs: pd.DataFrame) -> pd.Series[bool]:
    """Return for each pair whether all guests of the Million Song track are artists of the Spotify track."""
    sides = (pairs["artist"], pairs["title"], pairs["artist_theirs"], pairs["title_theirs"])
    known = [
        guest_keys(their_artist, their_title) <= person_keys(artist) | guest_keys(artist, title)
        for artist, title, their_artist, their_title in zip(*sides, strict=True)
    ]
    return pd.Series(known, index=pairs.index, dtype="bool")


def _unlinked(tracks: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    name = "track_id" if "track_id" in tracks else "msd_track_id"
    return tracks[~tracks[name].isin(links[name])]
