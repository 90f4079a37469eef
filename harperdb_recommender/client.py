"""The client: one method for each operation of the API's description, with the same names."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, cast
from urllib.parse import quote

import requests

from harperdb_recommender.answers import (
    Event,
    EventsAnswer,
    Health,
    Item,
    Model,
    Recommendations,
    Stats,
)
from harperdb_recommender.errors import ApiError, Unreachable
from harperdb_recommender.retries import Retries, seconds_of

_BUSY = (429, 503)
_GATEWAY = (502, 504)


class Client:
    """Asks one recommender. Not for several threads at once: give each its own.

    Every request is safe to repeat, events by their ids, so all are retried after 429, 503 and
    when there is no answer.
    """

    def __init__(
        self,
        url: str,
        *,
        collection: str | None = None,
        timeout: float = 10.0,
        retries: Retries | None = None,
        auth: tuple[str, str] | None = None,
    ) -> None:
        """Connects to nothing yet.

        Args:
            url: Address of the project, such as ``http://127.0.0.1:9926/song-recommender``.
            collection: Name of the catalogue in the API, such as ``songs``; by default the model
                is asked for it once.
            timeout: Seconds to wait for the connection, and for each part of the answer.
            retries: How often a request is sent again, and after how long.
            auth: A database user and password, for details of the node in `model` and `stats`.
        """
        self._url = url.rstrip("/")
        self._collection = collection
        self._timeout = timeout
        self._retries = retries or Retries()
        self._http = requests.Session()
        self._http.auth = auth

    def __enter__(self) -> Client:
        """Returns itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Closes the connections."""
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def recommend(
        self,
        favourites: Iterable[str],
        *,
        limit: int | None = None,
        exclude: Iterable[str] | None = None,
        strategy: str | None = None,
        explain: bool | None = None,
        diversity: float | None = None,
        novelty: float | None = None,
        session: str | None = None,
    ) -> Recommendations:
        """Recommends items for a few favourites; None leaves a field at the server's default.

        Args:
            favourites: Ids of the favourites, 1 to 10.
            limit: Most recommendations, 1 to 100.
            exclude: Ids that are not recommended, up to 1,000.
            strategy: One of `Model` ``strategies``.
            explain: Fill `Recommendation.because`.
            diversity: Variety of the list, 0 to 1.
            novelty: How much less popular items are preferred, 0 to 1.
            session: A visitor's token; the answer is then signed.

        Raises:
            ApiError: the server refused the request.
            Unreachable: there was no answer.
        """
        fields = {
            "favourites": list(favourites),
            "limit": limit,
            "exclude": None if exclude is None else list(exclude),
            "strategy": strategy,
            "explain": explain,
            "diversity": diversity,
            "novelty": novelty,
            "session": session,
        }
        return Recommendations.of(self._send("POST", "recommend", body=_given(fields)))

    def search(self, q: str = "", *, limit: int | None = None) -> list[Item]:
        """Finds items by words or their beginnings, the most popular first.

        Args:
            q: At most 200 characters; without any, the popular items are returned.
            limit: Most items, 1 to 100.
        """
        name = self._collection_name()
        found = self._send("GET", name, query=_given({"q": q, "limit": limit}))
        return [Item.of(one) for one in found[name]]

    def item(self, id: str) -> Item:
        """Returns one item; an `ApiError` with code ``unknown_item`` if there is none."""
        return Item.of(self._send("GET", f"{self._collection_name()}/{quote(id, safe='')}"))

    def events(self, session: str, events: Iterable[Event]) -> EventsAnswer:
        """Records what a visitor did, in batches of at most 50; see `new_event`."""
        body = {"session": session, "events": list(events)}
        return cast(EventsAnswer, self._send("POST", "events", body=body))

    def model(self) -> Model:
        """Describes the current model."""
        return cast(Model, self._send("GET", "model"))

    def health(self) -> Health:
        """Returns the state of the worker that answered; without a model too, and at once."""
        return cast(Health, self._send("GET", "health", may_be_unavailable=True))

    def stats(self) -> Stats:
        """Returns the counts of the worker that answered."""
        return cast(Stats, self._send("GET", "stats"))

    def openapi(self) -> dict[str, Any]:
        """Returns the API's description."""
        return self._send("GET", "openapi.json")

    def _collection_name(self) -> str:
        if self._collection is None:
            domain = self.model().get("domain")
            if not domain:
                raise ValueError("the model names no collection; pass collection= to Client")
            self._collection = domain
        return self._collection

    def _send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        may_be_unavailable: bool = False,
    ) -> dict[str, Any]:
        retry = 0
        while True:
            try:
                answer = self._exchange(method, path, query, body)
                return _read(answer, may_be_unavailable)
            except (ApiError, Unreachable) as error:
                if isinstance(error, ApiError) and error.status not in _BUSY:
                    raise
                retry_after = error.retry_after if isinstance(error, ApiError) else None
                wait = self._retries.wait(retry, retry_after)
                if wait is None:
                    raise
            time.sleep(wait)
            retry += 1

    def _exchange(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None,
        body: Mapping[str, Any] | None,
    ) -> requests.Response:
        try:
            answer = self._http.request(
                method,
                f"{self._url}/{path}",
                params=query,
                json=body,
                timeout=self._timeout,
            )
        except requests.RequestException as error:
            raise Unreachable(f"{self._url}: {error}") from error
        if answer.status_code in _GATEWAY:
            raise Unreachable(f"{self._url}: {answer.status_code} from a gateway")
        return answer


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _read(answer: requests.Response, may_be_unavailable: bool) -> dict[str, Any]:
    status = answer.status_code
    try:
        content = answer.json()
    except requests.JSONDecodeError:
        content = None
    if not isinstance(content, dict):
        raise ApiError(status, "not_json", "The answer is not a JSON object.", _retry_after(answer))
    if status < 400 or (may_be_unavailable and status == 503 and "status" in content):
        return content
    code, message = str(content.get("code", "unknown")), str(content.get("message", ""))
    raise ApiError(status, code, message, _retry_after(answer))


def _retry_after(answer: requests.Response) -> float | None:
    return seconds_of(answer.headers.get("retry-after"))
