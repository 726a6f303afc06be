from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from emo_assets.errors import InputError
from emo_assets.studio.server import open_listener

TOKEN = "sixteen-signs-or-more"


def test_the_command_opens_a_studio_and_an_interrupt_closes_it(base: Path) -> None:
    command = [sys.executable, "-c", "from emo_assets.cli import main; main()"]
    options = ["studio", "--port", "0", "--token", TOKEN, "--store", str(base)]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as studio:
        assert studio.stdout is not None
        address = next(word for word in studio.stdout.readline().split() if word.startswith("http://"))
        try:
            with httpx.Client(timeout=30) as client:
                assert client.get(address.partition("?")[0]).status_code == 401
                opened = client.get(address, follow_redirects=True)
                assert opened.status_code in (200, 503), "the page, or how it is built"
                assert client.get(address.partition("?")[0] + "health").json()["status"] != "trouble"
        finally:
            studio.send_signal(signal.SIGINT)
        assert studio.wait(30) == 0


def test_a_port_that_is_taken_or_an_address_of_nobody_is_refused() -> None:
    with open_listener("127.0.0.1", 0) as taken, pytest.raises(InputError, match="choose another --port"):
        open_listener("127.0.0.1", taken.getsockname()[1])
    with pytest.raises(InputError, match=r"cannot listen on 192\.0\.2\.1"):
        open_listener("192.0.2.1", 0)
