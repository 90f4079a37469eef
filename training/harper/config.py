"""The address of HarperDB and the credentials, from environment variables."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from training.errors import ConfigError


@dataclass(frozen=True)
class HarperConfig:
    """The address of HarperDB and the credentials.

    The password is kept out of `repr`, so that no log or traceback can show it.
    """

    url: str = "http://127.0.0.1:9925"
    """Operations API."""
    routes_url: str = "http://127.0.0.1:9926"
    """Custom functions."""
    username: str = ""
    password: str = field(default="", repr=False)
    ca: str | None = None
    """File of the certificate authority that signed a remote node's certificate."""
    plain_http: bool = False
    """Whether the password may be sent unencrypted to another machine."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> HarperConfig:
        """Reads ``HARPER_URL`` and ``HARPER_`` with ``ROUTES_URL USERNAME PASSWORD CA PLAIN_HTTP``.

        ``HARPER_ROUTES_URL`` defaults to ``HARPER_URL``'s host at port 9926, HarperDB's default.

        Raises:
            ConfigError: an address is not an http(s) URL or contains a password, or the user or the
                password is missing.
        """
        env = os.environ if environment is None else environment
        url = env.get("HARPER_URL", cls.url).rstrip("/")
        parts = _checked_url("HARPER_URL", url)
        routes = (
            env.get("HARPER_ROUTES_URL", "").rstrip("/")
            or f"{parts.scheme}://{_host(parts.hostname)}:9926"
        )
        _checked_url("HARPER_ROUTES_URL", routes)
        missing = [k for k in ("HARPER_USERNAME", "HARPER_PASSWORD") if not env.get(k)]
        if missing:
            raise ConfigError(
                f"{' and '.join(missing)} not set: export them for {url}, "
                "or let `make harper-up` start a local HarperDB"
            )
        return cls(
            url,
            routes,
            env["HARPER_USERNAME"],
            env["HARPER_PASSWORD"],
            env.get("HARPER_CA") or None,
            env.get("HARPER_PLAIN_HTTP") == "yes",
        )


def _host(hostname: str | None) -> str:
    return f"[{hostname}]" if hostname and ":" in hostname else f"{hostname}"


def _checked_url(name: str, url: str) -> Any:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(f"{name}={url!r}: expected an address such as http://127.0.0.1:9925")
    if parts.username or parts.password:
        raise ConfigError(
            f"{name} carries a user or password: use HARPER_USERNAME and HARPER_PASSWORD instead"
        )
    return parts
