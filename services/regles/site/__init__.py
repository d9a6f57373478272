"""Le site des règles : des pages statiques, lisibles hors ligne, engendrées du paquet et de rien d'autre."""

from services.regles.site.pages import composer_site

__all__ = ["composer_site"]
