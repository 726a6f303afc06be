"""The studio: a web page and a REST API that turn a mood into a song.

The server (`server`, `middleware`, `api`) writes accepted requests to a queue (`task_queue`). One worker
process (`worker`, `generator`), kept alive by `supervisor`, generates the songs and records them in Dagster.
"""
