"""Écrire un rapport en JSON : décimaux exacts, dates ISO, clés dans l'ordre du modèle."""

from decimal import Decimal
from typing import Any

import orjson


def ecrire_particulier(valeur: Any) -> Any:
    """Rend ce que JSON ne sait pas écrire : un décimal en texte, car un nombre JSON finirait en flottant.

    Lève TypeError sur un type imprévu.
    """
    if isinstance(valeur, Decimal):
        return f"{valeur.normalize():f}"
    if isinstance(valeur, frozenset | set):
        return sorted(valeur, key=str)
    raise TypeError(f"{type(valeur).__name__} ne s'écrit pas en JSON")


def ecrire_json(objet: Any) -> bytes:
    """Rend le JSON (UTF-8) d'un rapport ou d'une liste de rapports. Un montant y est un texte : `"59999.99"`."""
    return orjson.dumps(objet, default=ecrire_particulier)
