"""The other ways to do the same work: what odb_nb is measured beside.

Each peer is a class with `start` and `close`, `list` (all sessions, to whatever it gives its user) and `create`. None
looks first, keeps a journal or looks again after a lost answer: that is what our figures pay for.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import aiohttp
import httpx
import pandas as pd
from azure.core.credentials import AccessToken
from kiota_abstractions.authentication import BaseBearerTokenAuthenticationProvider
from kiota_authentication_azure.azure_identity_access_token_provider import AzureIdentityAccessTokenProvider
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.models.one_drive_for_business_browse_session import OneDriveForBusinessBrowseSession
from quick_server import SESSIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

HEADERS = {"Authorization": "Bearer token", "Accept": "application/json"}


class _Token:
    """A token at once."""

    async def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
        del scopes, kwargs
        return AccessToken("token", 2**40)


class Sdk:
    """msgraph-sdk as its documentation shows it: models, page after page, one create after another."""

    name = "msgraph-sdk: models, a loop"

    async def start(self, url: str) -> None:
        """Connect."""
        provider = AzureIdentityAccessTokenProvider(_Token(), None, scopes=["x"], allowed_hosts=["127.0.0.1"])  # type: ignore[arg-type]
        adapter = GraphRequestAdapter(BaseBearerTokenAuthenticationProvider(provider))
        adapter.base_url = f"{url}/v1.0"
        self._sessions = GraphServiceClient(
            request_adapter=adapter
        ).solutions.backup_restore.one_drive_for_business_browse_sessions

    async def close(self) -> None:
        """The SDK has nothing to close its sockets with."""

    async def list(self) -> list[Any]:
        """All sessions, as models."""
        page = await self._sessions.get()
        found = list(page.value or []) if page else []
        while page and page.odata_next_link:
            page = await self._sessions.with_url(page.odata_next_link).get()
            found += (page.value or []) if page else []
        return found

    async def create(self, points: Sequence[str]) -> None:
        """One after another."""
        for point in points:
            await self._one(point)

    async def _one(self, point: str) -> None:
        await self._sessions.post(OneDriveForBusinessBrowseSession(restore_point_id=point))


class SdkGathered(Sdk):
    """All at once."""

    name = "msgraph-sdk: models, gathered"

    async def create(self, points: Sequence[str]) -> None:
        """All in flight together."""
        await asyncio.gather(*map(self._one, points))


class SdkSemaphore(Sdk):
    """So many at once, by hand."""

    def __init__(self, at_once: int) -> None:
        self.name = f"msgraph-sdk: models, semaphore of {at_once}"
        self._slots = asyncio.Semaphore(at_once)

    async def create(self, points: Sequence[str]) -> None:
        """At most so many in flight."""

        async def one(point: str) -> None:
            async with self._slots:
                await self._one(point)

        await asyncio.gather(*map(one, points))


class _Bare:
    """Requests by hand: no retries, no checks; rows to a frame as they are."""

    def __init__(self, at_once: int) -> None:
        self.at_once = at_once
        self._slots = asyncio.Semaphore(at_once)

    async def list(self) -> pd.DataFrame:
        """All sessions, as a frame of whatever dtypes come of them."""
        rows, link = [], f"{self._url}{SESSIONS}"
        while link:
            page = json.loads(await self._get(link))
            rows += page["value"]
            link = page.get("@odata.nextLink")
        return pd.DataFrame(rows)

    async def read(self, links: Sequence[str]) -> None:
        """These pages one after the other, to bytes and no further."""
        for link in links:
            await self._get(f"{self._url}{link}")

    async def create(self, points: Sequence[str]) -> None:
        """At most so many in flight."""

        async def one(point: str) -> None:
            async with self._slots:
                json.loads(await self._post(f"{self._url}{SESSIONS}", {"restorePointId": point}))

        await asyncio.gather(*map(one, points))

    async def _get(self, url: str) -> bytes:
        raise NotImplementedError

    async def _post(self, url: str, body: object) -> bytes:
        raise NotImplementedError


class Httpx(_Bare):
    """httpx, what the SDK sends with."""

    name = "bare httpx"

    async def start(self, url: str) -> None:
        """Connect."""
        self._url = url
        limits = httpx.Limits(max_connections=self.at_once, max_keepalive_connections=self.at_once)
        self._http = httpx.AsyncClient(headers=HEADERS, limits=limits, timeout=60, trust_env=False)

    async def close(self) -> None:
        """Close all sockets."""
        await self._http.aclose()

    async def _get(self, url: str) -> bytes:
        return (await self._http.get(url)).content

    async def _post(self, url: str, body: object) -> bytes:
        return (await self._http.post(url, json=body)).content


class Aiohttp(_Bare):
    """aiohttp, the fastest of them."""

    name = "aiohttp"

    async def start(self, url: str) -> None:
        """Connect."""
        self._url = url
        connector = aiohttp.TCPConnector(limit=self.at_once)
        self._http = aiohttp.ClientSession(headers=HEADERS, connector=connector)

    async def close(self) -> None:
        """Close all sockets."""
        await self._http.close()

    async def _get(self, url: str) -> bytes:
        async with self._http.get(url) as answer:
            return await answer.read()

    async def _post(self, url: str, body: object) -> bytes:
        async with self._http.post(url, json=body) as answer:
            return await answer.read()


def floor(pages: Sequence[bytes]) -> pd.DataFrame:
    """The least there is to do: the same bytes, read and put in a frame, without a network and without dtypes."""
    return pd.DataFrame([row for page in pages for row in json.loads(page)["value"]])
