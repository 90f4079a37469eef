"""Makes an older version current again."""

from __future__ import annotations

from training.deploy.lease import acquire
from training.deploy.migration import ensure_lock_table, refuse_old_deploy
from training.deploy.node_state import require_answering, settled_states
from training.deploy.outcome import Outcome
from training.deploy.versions import Models
from training.errors import HarperError, HarperRefused
from training.harper.cluster import Target


def rollback(
    target: Target, database: str, project: str, version: str | None, *, by: str
) -> Outcome:
    """Makes an older version current again.

    Args:
        target: The nodes.
        database: The domain's database.
        project: The component's name.
        version: Which one; None: the one that was current before.
        by: Who does it, for people; public.

    Raises:
        HarperRefused: there is no such version, or the target cannot answer from it; the
            pointer is then restored.
    """
    models = Models(target.client, database)
    if models.pointer() is None:
        raise HarperRefused("rollback", "no model was ever deployed here")
    ensure_lock_table(target.client, database)
    refuse_old_deploy(target.client, database)
    with acquire(target.client, database, by, settle_seconds=target.settle_seconds) as lease:
        seen = models.pointer()
        chosen = _chosen(models, version)
        models.make_current(chosen, by)
        states = settled_states(target, project, chosen, lease.renew)
        try:
            require_answering(states[0])
        except HarperError as error:
            lease.check()
            if seen:
                models.make_current(str(seen["version"]), f"{by} (taken back)")
            raise HarperRefused("rollback", f"{chosen} cannot answer: {error}") from error
        return Outcome(chosen, states)


def _chosen(models: Models, version: str | None) -> str:
    listed = models.listed()
    if version is None:
        older = [v for v in listed if not v.current and v.made_current]
        if not older:
            raise HarperRefused("rollback", "no older version is kept; see `versions`")
        return older[0].version
    if version not in [v.version for v in listed]:
        kept = ", ".join(v.version for v in listed)
        raise HarperRefused("rollback", f"no version {version}; kept: {kept}")
    return version
