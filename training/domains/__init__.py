"""What can be recommended: one `Domain` each, and the registry of all of them."""

from training.domains.books import BOOKS
from training.domains.domain import Domain
from training.domains.songs import SONGS

DOMAINS: dict[str, Domain] = {domain.name: domain for domain in (SONGS, BOOKS)}
