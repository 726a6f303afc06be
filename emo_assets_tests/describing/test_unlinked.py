"""Described songs without features, as more to learn from."""

from __future__ import annotations

import pandas as pd
import pytest

from emo_assets.describing.describers import DescriberConfig, describer_spec
from emo_assets.describing.training import train_describer
from emo_assets.describing.training_set import COLUMNS, split_of
from emo_assets.describing.unlinked import songs_without_features
from emo_assets_tests.describing.conftest import training_rows

LEARNED = next(name for name in (f"artist {n}" for n in range(99)) if split_of(name) == "train")
TESTED = next(name for name in (f"artist {n}" for n in range(99)) if split_of(name) == "test")


@pytest.fixture
def descriptions() -> pd.DataFrame:
    return training_rows(4)[["msd_track_id", "md5", "segment", "first_bar", "bars", "tokens"]]


def test_songs_by_training_artists_are_added_without_features(descriptions: pd.DataFrame) -> None:
    artists = pd.DataFrame(
        {"msd_track_id": ["TR000", "TR001", "TR002"], "artist_keys": [[LEARNED], [TESTED], [LEARNED]]}
    )
    linked = training_rows(4).query("msd_track_id == 'TR002'").assign(split="train")

    added = songs_without_features(descriptions, artists, linked)

    assert list(added.columns) == list(COLUMNS)
    assert set(added["msd_track_id"]) == {"TR000"}  # TR001 is tested on, TR002 linked, TR003 by nobody known
    assert set(added["split"]) == {"train"}
    assert added["energy"].isna().all()
    assert added["artist_keys"].map(list).tolist() == [[LEARNED]] * 2


def test_a_file_of_several_tracks_is_left_out_when_any_artist_is_tested_on(
    descriptions: pd.DataFrame,
) -> None:
    twice = pd.concat(
        [descriptions, descriptions[descriptions["msd_track_id"] == "TR000"].assign(msd_track_id="TR009")]
    )
    artists = pd.DataFrame({"msd_track_id": ["TR000", "TR009"], "artist_keys": [[LEARNED], [TESTED]]})

    others = training_rows(4).query("msd_track_id == 'TR003'").assign(split="train")

    assert songs_without_features(twice, artists, others).empty


def test_there_are_only_so_many_for_each_linked_song(descriptions: pd.DataFrame) -> None:
    artists = pd.DataFrame({"msd_track_id": ["TR000", "TR001", "TR002"], "artist_keys": [[LEARNED]] * 3})
    linked = training_rows(4).query("msd_track_id == 'TR003'").assign(split="train")

    added = songs_without_features(descriptions, artists, linked, for_each_linked=2)

    assert added["md5"].nunique() == 2


def test_describers_learn_from_them(tiny: DescriberConfig, training_set: pd.DataFrame) -> None:
    more = training_rows(10, seed=3).assign(
        split="train", md5=lambda rows: "f" + rows["md5"].str[1:], energy=float("nan"), key=float("nan")
    )
    for name in ("lstm_full", "lstm_density"):
        trained = train_describer(
            describer_spec(name), tiny, pd.concat([training_set, more], ignore_index=True)
        )
        alone = train_describer(describer_spec(name), tiny, training_set)
        assert trained.encoder == alone.encoder or trained.encoder.means[0] == pytest.approx(
            alone.encoder.means[0]
        )
        assert trained.history != alone.history
