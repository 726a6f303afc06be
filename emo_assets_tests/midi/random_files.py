"""Random MIDI files: small, valid, and full of rare messages."""

from __future__ import annotations

import random

from emo_assets_tests.midi.test_parser import file_of

RESOLUTIONS = (1, 5, 24, 96, 100, 127, 220, 480, 1000)
PITCHES = (0, 1, 59, 60, 60, 64, 67, 72, 126, 127)
CHANNELS = (0, 0, 1, 9, 15)


def random_file(seed: int) -> bytes:
    """Return a file of a few tracks with overlapping notes, pedals, bends, programs, tempos and meters."""
    chance = random.Random(seed)
    resolution = chance.choice(RESOLUTIONS)
    tracks = [_track(chance, resolution, number) for number in range(chance.choice((1, 2, 3)))]
    return file_of(*tracks, resolution=resolution)


def _track(chance: random.Random, resolution: int, number: int) -> bytes:
    length = resolution * chance.choice((1, 4, 16, 40))
    grid = chance.choice((1, max(1, resolution // 12), max(1, resolution // 4)))
    messages: list[tuple[int, bytes]] = []

    def add(message: bytes, tick: int | None = None) -> None:
        messages.append((chance.randrange(length) // grid * grid if tick is None else tick, message))

    if number == 0:
        for _ in range(chance.choice((0, 1, 1, 2, 5))):
            numerator, power = (
                chance.choice((1, 2, 3, 4, 5, 6, 9, 12, 23)),
                chance.choice((0, 1, 2, 2, 3, 4, 5)),
            )
            add(b"\xff\x58\4" + bytes([numerator, power, 24, 8]), 0 if chance.random() < 0.4 else None)
        for _ in range(chance.choice((0, 1, 1, 3, 8))):
            tempo = int(60e6 / chance.uniform(20, 300))
            add(b"\xff\x51\3" + tempo.to_bytes(3, "big"), 0 if chance.random() < 0.4 else None)
    for _ in range(chance.choice((0, 3, 30, 80))):
        channel, pitch = chance.choice(CHANNELS), chance.choice(PITCHES)
        start = chance.randrange(length) // grid * grid
        end = start + chance.choice((0, 1, resolution // 12, resolution // 4, resolution, 3 * resolution))
        add(bytes([0x90 | channel, pitch, chance.randrange(128)]), start)
        add(bytes([chance.choice((0x80, 0x90)) | channel, pitch, 0]), end)
    for _ in range(chance.choice((0, 0, 1, 4))):
        add(bytes([0xC0 | chance.choice(CHANNELS), chance.randrange(128)]))
    for _ in range(chance.choice((0, 0, 2, 9))):
        add(
            bytes(
                [0xB0 | chance.choice(CHANNELS), chance.choice((64, 64, 7)), chance.choice((0, 63, 64, 127))]
            )
        )
    for _ in range(chance.choice((0, 0, 2, 9))):
        add(bytes([0xE0 | chance.choice(CHANNELS), chance.randrange(128), chance.randrange(128)]))
    return _body(messages)


def _body(messages: list[tuple[int, bytes]]) -> bytes:
    """Put messages into the order of their ticks, with delta times of three bytes."""
    body = b""
    now = 0
    for tick, message in sorted(messages, key=lambda timed: timed[0]):
        delta = tick - now
        body += bytes([0x80 | delta >> 14, 0x80 | delta >> 7 & 0x7F, delta & 0x7F]) + message
        now = tick
    return body + b"\0\xff\x2f\0"
