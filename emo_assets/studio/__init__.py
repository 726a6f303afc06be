"""The studio: a page and a REST API through which anyone makes a song from a feeling.

Accepts requests, keeps them in a journal, has one warm worker process make the songs, and tells how far they
are. How a song is made is known by `generation`; how it is recorded in Dagster by `pipeline.external_events`.
"""
