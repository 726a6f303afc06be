"""Small networks and composed songs that the tests of FIGARO share."""

from __future__ import annotations

import pytest
import torch

from emo_assets.figaro.config import FigaroConfig
from emo_assets.figaro.inputs import TrainingSong
from emo_assets.figaro.network import FigaroNetwork
from emo_assets.figaro.training import read_songs
from emo_assets.synthetic_corpus.composition import compose_song
from emo_assets.synthetic_corpus.sampling import sample_songs

LITTLE = FigaroConfig(
    d_model=32,
    heads=4,
    feed_forward=64,
    encoder_layers=1,
    decoder_layers=2,
    context=64,
    distances=80,
    relative_cross=False,
)


def random_network(config: FigaroConfig, seed: int = 0) -> FigaroNetwork:
    """Weights large enough that every part of the network shows in its output."""
    torch.manual_seed(seed)
    network = FigaroNetwork(config)
    for weight in network.parameters():
        torch.nn.init.normal_(weight, std=0.2)
    return network.eval()


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def midi() -> list[bytes]:
    """Eight composed songs of eight bars."""
    plans = sample_songs(8, seed=4)
    return [compose_song(plan.features, plan.style, 8, plan.seed).to_midi() for plan in plans]


@pytest.fixture(scope="session")
def songs(midi: list[bytes]) -> list[TrainingSong]:
    """The same songs, read."""
    return read_songs(midi)


@pytest.fixture(scope="session")
def descriptions(songs: list[TrainingSong]) -> list[list[int]]:
    """Their descriptions, without `<bos>` and `<eos>`."""
    return [song.description.ids[1:-1].tolist() for song in songs]


@pytest.fixture(
    params=[{}, {"relative_cross": True}, {"copying": True, "bar_conditioning": True}],
    ids=["new layout", "old layout", "copying"],
)
def network(request: pytest.FixtureRequest) -> FigaroNetwork:
    """A little random network of each layout."""
    return random_network(LITTLE.model_copy(update=request.param))
