"""What can be recommended: one `Domain` each, and the registry of all of them."""

from training.domains.books import BOOKS
from training.domains.registry import Domains
from training.domains.songs import SONGS

BUILT_IN = (SONGS, BOOKS)
DOMAINS = Domains(*BUILT_IN)
