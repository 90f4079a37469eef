"""Trains two-tower recommenders from files of interactions and deploys them into HarperDB.

A line of stages, each of which reads one folder and writes another:
prepare → train → evaluate → export → deploy. `DOMAINS` is the registry of what can be recommended.
"""

from training.books import BOOKS
from training.domain import Domain
from training.songs import SONGS

DOMAINS: dict[str, Domain] = {domain.name: domain for domain in (SONGS, BOOKS)}
