"""A client of the recommender's HTTP API.

    from harperdb_recommender import Client

    with Client("http://127.0.0.1:9926/song-recommender") as client:
        for song in client.recommend(["SODEMO6AL7ASEMVIXG"], limit=5).recommendations:
            print(song.score, song.fields["title"])

The API is described at ``GET /<project>/openapi.json`` and in docs/api.md.
"""

from harperdb_recommender.answers import (
    Event,
    EventsAnswer,
    Health,
    Item,
    Model,
    Reason,
    Recommendation,
    Recommendations,
    Refusal,
    Stats,
)
from harperdb_recommender.client import Client
from harperdb_recommender.errors import ApiError, ClientError, Unreachable
from harperdb_recommender.events import new_event, new_session
from harperdb_recommender.retries import Retries

__all__ = [
    "ApiError",
    "Client",
    "ClientError",
    "Event",
    "EventsAnswer",
    "Health",
    "Item",
    "Model",
    "Reason",
    "Recommendation",
    "Recommendations",
    "Refusal",
    "Retries",
    "Stats",
    "Unreachable",
    "new_event",
    "new_session",
]
