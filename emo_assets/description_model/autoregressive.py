"""One trained describer at work: it writes its kinds of tokens for many songs at once, window by window.

A describer knows 12 bars. A longer song is written in windows: the last `OVERLAP_BARS` bars of one are read
again as the first bars of the next, and then it goes on. Who works after whom is `sampling`'s business,
what a song may hold `song_writing`'s.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from emo_assets.description_model.data.dataset import Batch, visible_features
from emo_assets.description_model.data.output_vocab import OutputVocab, output_vocab
from emo_assets.description_model.data.transposition import chord_shift
from emo_assets.description_model.decoding_state import Bars, DecodingState, Step
from emo_assets.description_model.specs import WINDOW_BARS
from emo_assets.description_model.weights import TrainedModel
from emo_assets.features import FEATURE_NAMES, FeatureVector
from emo_assets.nn.sampling import SamplingParams, apply_cfg

OVERLAP_BARS = 6
"""Bars of a window that stand at the start of the next one."""


class SequenceGenerator:
    """One trained describer, ready to write its kinds of tokens for whole songs."""

    def __init__(self, trained: TrainedModel) -> None:
        self.trained = trained
        self.alphabet: OutputVocab = output_vocab(trained.spec.writes)
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.network = trained.network().to(self.device)

    @torch.no_grad()
    def write(
        self,
        features: Sequence[FeatureVector],
        songs: Sequence[Bars],
        generators: Sequence[np.random.Generator],
        draw: SamplingParams,
    ) -> list[Bars]:
        """Write this describer's tokens of each bar, given what stands there already.

        Args:
            features: one a song.
            songs: what the describers before this one wrote; all songs have the same number of bars.
            generators: one a song.
            draw: how tokens are sample_token.

        Returns:
            For each song and bar the tokens that this describer writes there.
        """
        shifts = [int(vector.key) if self.trained.config.degrees else 0 for vector in features]
        rows = [
            DecodingState(
                self.alphabet, vector, [chord_shift(-shift)[bar].tolist() for bar in song], generator
            )
            for vector, song, shift, generator in zip(features, songs, shifts, generators, strict=True)
        ]
        told = np.broadcast_to(visible_features(self.trained.config), (len(features), len(FEATURE_NAMES)))
        encoder = self.trained.encoder
        encoded = torch.from_numpy(encoder.hide(encoder.encode_vectors(features), told)).to(self.device)
        length = len(songs[0])
        start = 0
        while True:
            stop = min(start + WINDOW_BARS, length)
            self._write_window(rows, encoded, start, stop, draw)
            if stop == length:
                break
            start = stop - OVERLAP_BARS
        return [
            [chord_shift(shift)[bar].tolist() for bar in row.bars]
            for row, shift in zip(rows, shifts, strict=True)
        ]

    def _write_window(
        self,
        rows: Sequence[DecodingState],
        encoded: torch.Tensor,
        start: int,
        stop: int,
        draw: SamplingParams,
    ) -> None:
        guided = draw.guidance != 1
        content = torch.from_numpy(np.stack([row.enter(start, stop) for row in rows]))
        content = content.to(self.device)  # (songs, 12, INPUT_VOCAB_SIZE)
        told = torch.from_numpy(visible_features(self.trained.config)).float().to(self.device)
        told = told.expand(len(rows), -1)
        if guided:  # every song a second time, without its features
            content = content.repeat(2, 1, 1)
            encoded = torch.cat([encoded, torch.zeros_like(encoded)])
            told = torch.cat([told, torch.zeros_like(told)])
        state = None
        while any(not row.done for row in rows):
            steps = [row.step() for row in rows] * (2 if guided else 1)
            batch = self._batch(steps, content, encoded, told)
            predicted, state = self.network(batch, state)  # (songs, 1, outputs)
            logs = predicted[:, 0].double().cpu().numpy()  # (songs, outputs)
            if guided:
                logs = apply_cfg(logs[: len(rows)], logs[len(rows) :], draw.guidance)
            for row, log in zip(rows, logs, strict=True):
                row.take(log, draw)

    def _batch(
        self, steps: Sequence[Step], content: torch.Tensor, encoded: torch.Tensor, told: torch.Tensor
    ) -> Batch:
        def column(values: Sequence[int]) -> torch.Tensor:
            return torch.tensor(values, device=self.device)[:, None]

        inputs = column([step.token for step in steps])
        return Batch(
            inputs=inputs,
            targets=inputs,
            bars=column([step.bar for step in steps]),
            places=column([step.place for step in steps]),
            hints=torch.from_numpy(np.stack([step.hints for step in steps]))[:, None].to(self.device),
            agreement=torch.from_numpy(np.stack([step.agreement for step in steps]))[:, None].to(self.device),
            content=content,
            features=encoded,
            present=told,
        )
