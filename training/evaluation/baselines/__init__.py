"""What every model is measured against, each tuned on the same validation users."""

from training.evaluation.baselines.factorisation import als, bpr
from training.evaluation.baselines.linear import ease
from training.evaluation.baselines.markov import mrf
from training.evaluation.baselines.neighbours import item_knn, item_knn_and_creator, user_knn
from training.evaluation.baselines.peer import Baseline, grid
from training.evaluation.baselines.simple import popularity, same_creator
from training.evaluation.baselines.sparse_inverse import sansa

BASELINES = [
    Baseline("popularity", popularity),
    Baseline("same creator", same_creator, uses_content=True),
    Baseline(
        "item-kNN",
        item_knn,
        grid(kind=["cosine"], shrink=[0, 10, 20, 50, 100], neighbours=[100, 500])
        + grid(kind=["tfidf", "bm25"], shrink=[0], neighbours=[100, 500]),
    ),
    Baseline("user-kNN", user_knn, grid(voters=[200, 500, 1000], length_power=[0.3, 0.5])),
    Baseline("ALS", als, grid(alpha=[1, 5, 20], regularization=[0.01, 1]), slow=True),
    Baseline("BPR", bpr, grid(learning_rate=[0.02, 0.05], regularization=[0.01, 0.05]), slow=True),
    Baseline("EASE", ease, grid(ridge=[30, 100, 300]), slow=True),
    Baseline("MRF", mrf, grid(ridge=[0.3, 1, 3], neighbours=[100]), slow=True),
    Baseline("SANSA", sansa, grid(ridge=[30, 100, 300], neighbours=[100]), slow=True),
    Baseline(
        "item-kNN + same creator",
        item_knn_and_creator,
        grid(shrink=[10, 20, 50], weight=[0.01, 0.02, 0.05, 0.1, 0.2, 0.5]),
        uses_content=True,
    ),
]
"""In the order of the report."""
