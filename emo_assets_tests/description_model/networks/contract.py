"""What every network promises: its shapes, causality, the grammar, and single steps with a state."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from emo_assets.description_model.data.dataset import IGNORE_INDEX, Batch
from emo_assets.description_model.data.output_vocab import output_vocab
from emo_assets.description_model.evaluation.plain_lstm import plain_lstm_spec
from emo_assets.description_model.networks import DescriptionNetwork
from emo_assets.description_model.specs import MODEL_SPECS, ModelSpec

Case = tuple[ModelSpec, DescriptionNetwork, Batch]
"""A model, its untrained network, and a batch of three windows."""

_SPECS = [*MODEL_SPECS, plain_lstm_spec("lstm_misc")]


def network_cases(*networks: str) -> pytest.MarkDecorator:
    """Run the contract for all models with these networks, with and without a copy head."""
    cases = [(spec, copying) for spec in _SPECS if spec.network in networks for copying in (True, False)]
    return pytest.mark.parametrize(
        "case", cases, indirect=True, ids=[f"{spec.name}-copying-{copying}" for spec, copying in cases]
    )


class NetworkContract:
    """Tests of any network."""

    @torch.no_grad()
    def test_log_probabilities_are_distributions_over_what_the_grammar_allows(self, case: Case) -> None:
        spec, network, batch = case
        vocab = output_vocab(spec.target_kinds)
        predicted, _ = network(batch)
        counted = batch.targets != IGNORE_INDEX
        allowed = torch.from_numpy(vocab.allowed)[batch.inputs]

        assert predicted.shape == (*batch.inputs.shape, len(vocab.token_ids))
        torch.testing.assert_close(predicted.exp().sum(dim=-1)[counted], torch.ones(int(counted.sum())))
        assert torch.isneginf(predicted[~allowed]).all()
        assert torch.isfinite(predicted[allowed]).all()

    @torch.no_grad()
    def test_later_steps_do_not_change_earlier_predictions(self, case: Case) -> None:
        _, network, batch = case
        time = batch.inputs.shape[1]
        generator = torch.Generator().manual_seed(1)
        order = torch.randperm(time - time // 2, generator=generator) + time // 2

        def changed(tensor: torch.Tensor) -> torch.Tensor:
            return torch.cat([tensor[:, : time // 2], tensor[:, order]], dim=1)

        names = ("inputs", "bar_index", "bar_number", "hints", "agreement")
        other = replace(batch, **{name: changed(getattr(batch, name)) for name in names})
        before, after = network(batch)[0], network(other)[0]

        torch.testing.assert_close(after[:, : time // 2], before[:, : time // 2])
        assert not torch.equal(after[:, time // 2 :], before[:, time // 2 :])

    @torch.no_grad()
    def test_single_steps_with_a_state_predict_what_one_pass_predicts(self, case: Case) -> None:
        _, network, batch = case
        whole, _ = network(batch)
        state = None
        for step in range(batch.inputs.shape[1]):
            predicted, state = network(_steps(batch, step, step + 1), state)
            torch.testing.assert_close(predicted[:, 0], whole[:, step], atol=1e-5, rtol=1e-4)

    @torch.no_grad()
    def test_features_change_predictions_unless_they_are_masked(self, case: Case) -> None:
        _, network, batch = case
        other = replace(batch, features=batch.features.flip(0))
        masked = [
            network(replace(one, features=0 * one.features, feature_mask=0 * one.feature_mask))[0]
            for one in (batch, other)
        ]

        assert not torch.equal(network(batch)[0], network(other)[0])
        assert torch.equal(*masked)


def _steps(batch: Batch, start: int, stop: int) -> Batch:
    """Return some steps of a batch."""
    names = ("inputs", "targets", "bar_index", "bar_number", "hints", "agreement")
    return replace(batch, **{name: getattr(batch, name)[:, start:stop] for name in names})
