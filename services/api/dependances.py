"""Ce que les routes reçoivent : le paquet en service, l'exécuteur, et des paramètres d'adresse contrôlés."""

import contextlib
import re
from collections import Counter
from concurrent.futures import Executor
from datetime import date
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.routing import APIRoute
from pydantic import BeforeValidator

from services.api.detenteur import Detenteur
from services.api.erreurs import refuser_parametres
from services.regles.erreurs import Anomalie, ecrire_chemin, signaler, trouver_proche
from services.regles.fop import DATE_MAX, DATE_MIN


# `async` : une dépendance ordinaire passerait par un autre fil à chaque requête.
async def prendre_detenteur(requete: Request) -> Detenteur:
    """Rend le détenteur de l'application."""
    detenteur: Detenteur = requete.app.state.detenteur
    return detenteur


async def prendre_executeur(requete: Request) -> Executor:
    """Rend l'exécuteur à un fil de l'application."""
    executeur: Executor = requete.app.state.executeur
    return executeur


LeDetenteur = Annotated[Detenteur, Depends(prendre_detenteur)]
LExecuteur = Annotated[Executor, Depends(prendre_executeur)]


async def controler_parametres(requete: Request) -> None:
    """Refuse un paramètre d'adresse inconnu ou répété : ignoré, il laisserait croire qu'il a servi."""
    if not requete.scope.get("query_string"):
        return
    route = requete.scope.get("route")
    permis = [champ.alias for champ in route.dependant.query_params] if isinstance(route, APIRoute) else []
    anomalies = []
    for nom, fois in Counter(nom for nom, _ in requete.query_params.multi_items()).items():
        chemin = ecrire_chemin((nom,))
        if nom not in permis:
            proche = trouver_proche(nom, permis)
            correction = f"écrire « {proche} »" if proche is not None else "retirer ce paramètre"
            anomalies.append(
                Anomalie("parametre_inconnu", chemin, "", "paramètre connu", "paramètre inconnu", correction)
            )
        elif fois > 1:
            correction = "ne l'écrire qu'une fois"
            anomalies.append(Anomalie("parametre_en_double", chemin, "", "une valeur", f"{fois} valeurs", correction))
    if anomalies:
        raise refuser_parametres(anomalies)


_JOUR = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _lire_jour(ecrit: Any) -> date:
    # Pydantic prendrait aussi « 1700000000 » pour une date, et Python « 2026-W38-2 ».
    jour: date | None = None
    if isinstance(ecrit, str) and _JOUR.fullmatch(ecrit):
        with contextlib.suppress(ValueError):
            jour = date.fromisoformat(ecrit)
    if jour is None:
        raise signaler("format", "date du calendrier, au format AAAA-MM-JJ,", "écrire la date comme 2026-09-15")
    if not DATE_MIN <= jour <= DATE_MAX:
        bornes = f"date du {DATE_MIN:%d/%m/%Y} au {DATE_MAX:%d/%m/%Y}"
        raise signaler("hors_bornes", bornes, "écrire une date dans ces bornes")
    return jour


JourDAdresse = Annotated[date, BeforeValidator(_lire_jour)]
"""Une date en paramètre d'adresse : AAAA-MM-JJ, dans les bornes de la FOP."""
