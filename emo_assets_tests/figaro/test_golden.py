"""Agreement with the public model's outputs, in both layouts of its checkpoints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from emo_assets.figaro.context_windows import BatchedContext
from emo_assets.figaro.incremental_decoder import IncrementalDecoder
from emo_assets.figaro.inputs import DescriptionInput, bar_ids, position_ids
from emo_assets.figaro.linear import Precision
from emo_assets.figaro.network import FigaroNetwork
from emo_assets.figaro.released_checkpoint import read_checkpoint
from emo_assets.nn.sampling import sample_token
from emo_assets.tokens.vocabulary import EOS, PAD

pytestmark = pytest.mark.realdata

CLOSE = 1e-4

GREEDY_STEPS = [0, 1, 2, 63, 128, 254, 255, 256, 257, 280, 299]
"""Steps of the greedy song that the reference kept all logits of."""


class Reference:
    """A public checkpoint with what the public model returned for it."""

    def __init__(self, golden: Path, layout: str) -> None:
        self.network = read_checkpoint(golden / "figaro" / f"tiny-{layout}.ckpt")
        self.arrays: dict[str, NDArray[Any]] = dict(np.load(golden / "figaro" / f"tiny-{layout}.npz"))
        self.description = DescriptionInput.from_ids(self.arrays["description"][1:-1])

    def ids(self, name: str) -> Tensor:
        return torch.from_numpy(self.arrays[name].astype(np.int64))[None]

    def events(self, length: int) -> tuple[Tensor, Tensor, Tensor]:
        events, bars, positions = (
            self.ids(name)[:, :length] for name in ("input_ids", "bar_ids", "position_ids")
        )
        return events, bars, positions

    def context(self, *, exact: bool) -> BatchedContext:
        return BatchedContext(IncrementalDecoder(self.network, Precision.FLOAT32), exact=exact)


@pytest.fixture(params=["old", "new"])
def reference(request: pytest.FixtureRequest, golden: Path) -> Reference:
    return Reference(golden, request.param)


def assert_near(found: Tensor, expected: NDArray[Any]) -> None:
    np.testing.assert_allclose(found.detach().numpy(), expected, rtol=0, atol=CLOSE)


def padded(ids: Tensor) -> Tensor:
    return F.pad(ids, (0, 256 - ids.shape[1]))


def test_bar_and_position_ids_are_the_references(reference: Reference) -> None:
    events = reference.arrays["input_ids"]
    np.testing.assert_array_equal(bar_ids(events), reference.arrays["bar_ids"])
    np.testing.assert_array_equal(position_ids(events), reference.arrays["position_ids"])
    np.testing.assert_array_equal(reference.description.ids, reference.arrays["description"])
    np.testing.assert_array_equal(reference.description.bars, reference.arrays["desc_bar_ids"])


def encoded(reference: Reference, *, as_sampling: bool) -> Tensor:
    ids, bars = reference.ids("description"), reference.ids("desc_bar_ids")
    network: FigaroNetwork = reference.network
    return network.encode(padded(ids), padded(bars)) if as_sampling else network.encode(ids, bars)


def test_encoder_states(reference: Reference) -> None:
    assert_near(encoded(reference, as_sampling=False)[0], reference.arrays["encoder_train"])
    assert_near(encoded(reference, as_sampling=True)[0], reference.arrays["encoder_sample"])


@pytest.mark.parametrize("length", [64, 256])
@pytest.mark.parametrize("style", ["train", "sample"])
def test_logits_of_known_events(reference: Reference, length: int, style: str) -> None:
    memory = encoded(reference, as_sampling=style == "sample")
    logits = reference.network(*reference.events(length), memory)[0]
    assert_near(logits, reference.arrays[f"logits_{style}_{length}"])
    if f"loss_{style}_{length}" in reference.arrays:
        loss = F.cross_entropy(logits, reference.ids("input_ids")[0, 1 : length + 1])
        assert_near(loss, reference.arrays[f"loss_{style}_{length}"])


def forced(context: BatchedContext, reference: Reference, events: NDArray[Any]) -> Tensor:
    """Feed known events after `<bos>` and return all logits."""
    logits = [context.begin([reference.description])]
    logits += [context.push([int(event)]) for event in events]
    return torch.cat(logits)


def test_steps_before_the_window_is_full_are_exact_with_a_cache(reference: Reference) -> None:
    logits = forced(reference.context(exact=False), reference, reference.arrays["input_ids"][1:256])
    assert_near(logits, reference.arrays["logits_sample_256"])
    assert_near(logits[:64], reference.arrays["logits_sample_64"])


def test_exact_steps_agree_past_the_end_of_the_window(reference: Reference) -> None:
    logits = forced(reference.context(exact=True), reference, reference.arrays["input_ids"][1:330])
    # Step n predicts the event after n true ones.
    assert_near(logits[249:329], reference.arrays["forced_logits_250_on"])


@pytest.mark.slow
def test_exact_steps_agree_far_past_the_end_of_the_window(reference: Reference) -> None:
    logits = forced(reference.context(exact=True), reference, reference.arrays["input_ids"][1:620])
    assert_near(logits[599:619], reference.arrays["forced_logits_600_on"])


def continued(
    reference: Reference, name: str, new: int, uniforms: NDArray[np.float64], temperature: float
) -> Tensor:
    """Continue the first events of a song of the reference without constraints, and compare the events.

    Args:
        reference: whose network, description and song.
        name: of the song's ids.
        new: how many events are generated.
        uniforms: random numbers in [0, 1) that decide, one per event.
        temperature: 0 for the most likely token.

    Returns:
        The logits of the new events, (new, events).
    """
    expected = reference.arrays[name].copy()
    if expected[-1] == PAD:
        expected[-1] = EOS  # the public sampler returns it so
    context = reference.context(exact=True)
    logits = [forced(context, reference, expected[1 : len(expected) - new])[-1]]
    events = []
    for uniform in uniforms:
        events.append(sample_token(logits[-1].numpy(), uniform, temperature=temperature))
        logits.append(context.push(events[-1:])[0])
    np.testing.assert_array_equal(events, expected[-new:])
    return torch.stack(logits[:-1])


def test_the_greedy_song_is_the_references(reference: Reference) -> None:
    new = len(reference.arrays["greedy_ids"]) - 1
    logits = continued(reference, "greedy_ids", new, np.zeros(new), 0)
    top = logits.topk(2).values
    assert_near(top[:, 0] - top[:, 1], reference.arrays["greedy_margin"])
    assert_near(logits[GREEDY_STEPS], reference.arrays["greedy_logits_some"])


def test_the_greedy_continuation_of_true_events_is_the_references(reference: Reference) -> None:
    new = len(reference.arrays["cont_logits"])
    logits = continued(reference, "cont_ids", new, np.zeros(new), 0)
    assert_near(logits, reference.arrays["cont_logits"])


def test_the_song_drawn_with_known_random_numbers_is_the_references(reference: Reference) -> None:
    new = len(reference.arrays["u_ids"]) - 1
    logits = continued(reference, "u_ids", new, reference.arrays["u_uniforms"][:new], 1)
    steps = reference.arrays["u_logits_steps"]
    assert_near(logits[steps], reference.arrays["u_logits_some"])
