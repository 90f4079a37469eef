"""What the other workers do while the chief trains: they fit the same towers, and keep nothing."""

from __future__ import annotations

from training.config import Config
from training.data.dataset import Dataset
from training.data.everyone import of_everyone
from training.data.examples import queries_of
from training.data.features import features_of
from training.domains.domain import Domain
from training.models import continued, item_tower, new_blend, shipped
from training.models.fitting import History
from training.models.start import Start
from training.models.train import fit_user_towers
from training.progress import Progress


def fit(
    domain: Domain, data: Dataset, config: Config, *, progress: Progress, start: Start | None = None
) -> dict[str, History]:
    """Fits every pair of towers that `train` fits, in its order; arguments as for `train`.

    Returns:
        How the measured towers were fitted, by name.
    """
    validation_queries = queries_of(data, "validation", config.evaluate.favourites, config)
    features, liked = features_of(domain, data.items), data.liked("train")
    users, users_history = fit_user_towers(
        data, validation_queries, config, progress=progress, start=start
    )
    towers, items_history = item_tower.fit_towers(
        liked,
        features,
        validation_queries,
        config,
        progress=progress,
        start=continued.item_embeddings(start, data, features) if start else None,
    )
    if start is None:
        for hiding in new_blend.hidings(data, features, config):
            new_blend.vectors_without(hiding, features, items_history.best_step, config)
    measured = Start(
        **continued.embeddings_after(data, features, users, towers),
        networks={},
        voters={},
        blend=0.0,
    )
    everyone = of_everyone(data)
    shipped.user_index(everyone, config, measured, users_history)
    features = features_of(domain, everyone.items)
    shipped.item_vectors(everyone, features, config, measured, items_history)
    return {shipped.USER_TOWERS: users_history, shipped.ITEM_TOWERS: items_history}
