from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from emo_assets.datasets.lakh import read_lakh
from emo_assets.datasets.msd import read_msd
from emo_assets.datasets.spotify import read_spotify
from emo_assets.linking.join import join_links
from emo_assets.linking.matching import COLUMNS, link_tracks

LINES = (Path(__file__).parent / "hard_pairs.tsv").read_text(encoding="utf-8").splitlines()
PAIRS = [tuple(line.split("\t")) for line in LINES if line and not line.startswith("#")]
"""Pairs of names from real tables that must or must not be linked."""


def spotify(*rows: tuple[str, str]) -> pd.DataFrame:
    """Spotify tracks s0, s1, .. by artists and title."""
    table = pd.DataFrame(list(rows), columns=["artists", "track_name"], dtype="str")
    return table.assign(track_id=[f"s{place}" for place in range(len(rows))])


def msd(*rows: tuple[str, str]) -> pd.DataFrame:
    """Million Song tracks m0, m1, .. by artist and title."""
    table = pd.DataFrame(list(rows), columns=["artist", "title"], dtype="str")
    return table.assign(msd_track_id=[f"m{place}" for place in range(len(rows))])


def pairs(links: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(links["track_id"], links["msd_track_id"], strict=True))


def score_of(artists: str, track_name: str, artist: str, title: str) -> tuple[str, float]:
    (link,) = link_tracks(spotify((artists, track_name)), msd((artist, title))).to_dict("records")
    return link["method"], link["score"]


def test_all_links_of_a_track_are_kept_in_the_order_of_their_ids() -> None:
    links = link_tracks(
        spotify(("Oasis", "Wonderwall"), ("Oasis", "Wonderwall - Remastered")),
        msd(("Oasis", "Wonderwall (Album Version)"), ("Blur", "Song 2"), ("Oasis", "Wonderwall")),
    )

    assert list(links.columns) == list(COLUMNS)
    assert pairs(links) == [("s0", "m0"), ("s0", "m2"), ("s1", "m0"), ("s1", "m2")]
    assert links["score"].tolist() == [0.98, 1.0, 1.0, 0.98]


def test_a_track_with_several_genres_is_linked_once() -> None:
    tracks = pd.concat([spotify(("Oasis", "Wonderwall"))] * 3)

    assert pairs(link_tracks(tracks, msd(("Oasis", "Wonderwall")))) == [("s0", "m0")]


def test_the_less_the_names_agree_the_lower_the_score() -> None:
    assert score_of("ABBA", "Mamma Mia", "Abba", "Mamma Mia") == ("exact", 1.0)
    assert score_of("ABBA", "Mamma Mia - Remastered", "Abba", "Mamma Mia") == ("exact", 0.98)
    assert score_of("2Pac;Dr. Dre", "California Love", "2Pac", "California Love") == ("exact", 0.97)
    assert score_of("Jimi Hendrix", "Fire", "The Jimi Hendrix Experience", "Fire") == ("exact", 0.95)
    assert score_of("Rupert Holmes", "Escape (The Piña Colada Song)", "Rupert Holmes", "Escape") == (
        "exact",
        0.9,
    )
    method, score = score_of(
        "Bonnie Tyler", "Total Eclipse of the Heart", "Bonnie Tyler", "Total Eclispe of the Heart"
    )
    assert method == "fuzzy"
    assert 0.75 <= score < 0.9


def test_a_duet_is_linked_to_a_recording_of_one_only_where_he_has_no_track_of_his_own() -> None:
    duet, own = ("B.B. King;Tracy Chapman", "The Thrill Is Gone"), ("B.B. King", "The Thrill Is Gone")
    recording = msd(("B.B. King", "The Thrill Is Gone"))

    assert pairs(link_tracks(spotify(duet, own), recording)) == [("s1", "m0")]
    assert pairs(link_tracks(spotify(duet), recording)) == [("s0", "m0")]


def test_near_titles_are_two_songs_when_each_table_has_both() -> None:
    both = ("Believing in the Western Sky", "Beliving in the Western Sky")
    names = [("Ada Quill", title) for title in both]

    assert pairs(link_tracks(spotify(*names), msd(*names))) == [("s0", "m0"), ("s1", "m1")]
    assert pairs(link_tracks(spotify(names[0]), msd(names[1]))) == [("s0", "m0")]


def test_a_song_and_its_namesake_with_a_subtitle_are_two_when_each_table_has_both() -> None:
    names = [("Pink Floyd", "Breathe"), ("Pink Floyd", "Breathe (In the Air)")]

    assert pairs(link_tracks(spotify(*names), msd(*names))) == [("s0", "m0"), ("s1", "m1")]


def test_a_link_found_in_two_ways_is_listed_once_with_the_better_score() -> None:
    links = link_tracks(
        spotify(("Yusuf / Cat Stevens", "Wild World")), msd(("Cat Stevens / Yusuf", "Wild World"))
    )

    assert links[["track_id", "msd_track_id", "score"]].to_numpy().tolist() == [["s0", "m0", 1.0]]


def test_nothing_to_link_is_an_empty_table_with_the_same_columns() -> None:
    for links in (
        link_tracks(spotify(("Oasis", "Wonderwall")), msd(("Blur", "Song 2"))),
        link_tracks(spotify().head(0), msd(("Blur", "Song 2"))),
        link_tracks(spotify(("Oasis", "Wonderwall")), msd().head(0)),
    ):
        assert links.empty
        assert list(links.columns) == list(COLUMNS)


def test_the_order_of_the_rows_does_not_matter() -> None:
    ours = spotify(("Oasis", "Wonderwall"), ("ABBA", "S.O.S."), ("Queen", "We Will Rock You - Live"))
    theirs = msd(
        ("Queen", "We Will Rock You (Live)"), ("Abba", "SOS"), ("Oasis", "Wonderwall"), ("Abba", "S.O.S")
    )

    assert link_tracks(ours[::-1], theirs[::-1]).equals(link_tracks(ours, theirs))


def test_progress_ends_at_its_total() -> None:
    told: dict[str, tuple[int, int]] = {}

    def listen(stage: str, done: int, total: int) -> None:
        told[stage] = (done, total)

    link_tracks(spotify(("Oasis", "Wonderwal")), msd(("Oasis", "Wonderwall")), progress=listen)

    assert told
    assert all(done == total for done, total in told.values())


@pytest.mark.realdata
def test_the_real_sample_is_linked_with_the_expected_precision_and_recall(realdata: Path) -> None:
    tracks = read_spotify(realdata / "spotify" / "dataset.csv").rows
    links = link_tracks(tracks, read_msd(realdata / "msd" / "unique_tracks.txt").rows)
    known = pd.read_csv(realdata / "linked_triples.csv")
    found = set(pairs(links))
    hits = pd.Series(
        [pair in found for pair in zip(known["spotify_track_id"], known["msd_track_id"], strict=True)],
    ).groupby(known["basis"].str[0])

    # C and D hold live takes, remixes and titles that only the MIDI file's name speaks for
    assert hits.mean()[["A", "B"]].min() >= 0.98
    assert hits.mean()[["C", "D"]].min() >= 0.8
    assert len(links) >= 1_450
    assert links["method"].value_counts()["fuzzy"] <= 10

    matched = join_links(links, tracks, read_lakh(realdata / "lmd_matched").rows)
    right = set(zip(known["spotify_track_id"], known["msd_track_id"], strict=True))
    assert sum(pair in right for pair in set(pairs(matched))) >= 0.98 * len(set(pairs(matched)))


@pytest.mark.parametrize(("verdict", "artists", "track_name", "artist", "title"), PAIRS)
def test_only_names_of_one_recording_are_linked(
    verdict: str, artists: str, track_name: str, artist: str, title: str
) -> None:
    links = link_tracks(spotify((artists, track_name)), msd((artist, title)))

    assert len(links) == (verdict == "same")


def test_each_pair_is_labelled_and_listed_once() -> None:
    assert {pair[0] for pair in PAIRS} == {"same", "different"}
    assert len({pair[1:] for pair in PAIRS}) == len(PAIRS)
    assert len(PAIRS) >= 150
