"""Écrire les réponses : du JSON exact, sans seconde validation de ce que le cœur vient de calculer."""

from typing import Any

import orjson
from fastapi import Response
from pydantic import BaseModel

from services.regles.conditions import Controle
from services.regles.ecriture import ecrire_particulier
from services.regles.paquet import Paquet

ENTETE_PAQUET = "X-Paquet"


def ecrire(objet: object) -> bytes:
    """Écrit en JSON une dataclass du cœur ou de l'API.

    Un décimal devient une chaîne (`"59999.99"`) : un nombre JSON y perdrait son exactitude chez le lecteur. Une date
    s'écrit AAAA-MM-JJ. Lève TypeError sur un type imprévu.
    """
    return orjson.dumps(objet, default=_ecrire_autre)


def _ecrire_autre(valeur: Any) -> object:
    if isinstance(valeur, Controle):
        # Dix-sept opérateurs possibles, un seul écrit : les autres n'apprendraient rien.
        return {nom: contenu for nom, contenu in valeur if nom in valeur.model_fields_set}
    if isinstance(valeur, BaseModel):
        return dict(valeur)
    return ecrire_particulier(valeur)


def repondre(contenu: bytes, paquet: Paquet) -> Response:
    """Rend la réponse JSON, signée de la version et de l'empreinte du paquet qui l'a produite."""
    entetes = {ENTETE_PAQUET: f"{paquet.version} {paquet.empreinte}"}
    return Response(contenu, media_type="application/json", headers=entetes)
