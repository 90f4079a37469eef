"""HTTPS: certificates are checked, against an authority of our own by HARPER_CA."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fake_bundle import version_of
from tests.harper_places import Place, built_component, free_ports, real_node
from training.errors import ConfigError, HarperRefused
from training.harper.client import HarperClient
from training.harper.node import health

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A node that speaks HTTPS too, and its authority's certificate in a file."""
    folder = tmp_path_factory.mktemp("tls")
    operations, routes = free_ports("127.0.0.1", 2)
    with real_node(
        folder, threads=1, secure_operations_port=operations, secure_routes_port=routes
    ) as node:
        listed = HarperClient(node.config()).operation("list_certificates")
        ca = folder / "ca.pem"
        ca.write_text("\n".join(c["certificate"] for c in listed if c["is_authority"]))
        config = replace(
            node.config(),
            url=f"https://127.0.0.1:{operations}",
            routes_url=f"https://127.0.0.1:{routes}",
            ca=str(ca),
        )
        yield Place(config, built_component(), folder / "bundles")


def test_a_deploy_over_https_trusts_the_named_authority(secure: Place) -> None:
    bundle = secure.bundle("a")
    assert secure.deploy(bundle).is_on_all_nodes
    assert secure.answering() == version_of(bundle)


def test_a_certificate_that_nobody_vouches_for_is_refused_before_the_password_is_sent(
    secure: Place,
) -> None:
    stranger = replace(secure.config, ca=None)
    with pytest.raises(HarperRefused, match=r"not trusted.*HARPER_CA"):
        HarperClient(stranger).operation("user_info")
    with pytest.raises(HarperRefused, match="HARPER_CA"):
        health(replace(secure.target.node, ca=None), secure.domain.project)


def test_an_authority_that_is_not_there_is_reported(secure: Place, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        HarperClient(replace(secure.config, ca=str(tmp_path / "none.pem")))
