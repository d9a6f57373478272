"""Composer le site du paquet en service, une fois par paquet."""

from collections.abc import Mapping
from functools import lru_cache

from services.regles.paquet import Paquet
from services.regles.site import composer_site

SITES_GARDES = 2
"""Le paquet en service, et celui qu'un rechargement remplace."""


@lru_cache(maxsize=SITES_GARDES)
def composer(paquet: Paquet) -> Mapping[str, bytes]:
    """Rend les fichiers du site de ce paquet, par nom."""
    return composer_site(paquet)
