"""Lire le paquet de règles : identité, paramètres datés, référentiels."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from services.api.dependances import JourDAdresse, LeDetenteur
from services.api.erreurs import (
    IDENTIFIANT_INCONNU,
    PARAMETRE_INVALIDE,
    PAS_PRET,
    decrire_refus,
    refuser_identifiant,
)
from services.api.paquet import service
from services.api.paquet.schemas import (
    ListeDeParametres,
    PaquetEnService,
    Referentiel,
)
from services.api.sortie import ecrire, repondre

routeur = APIRouter(prefix="/v1", tags=["Paquet de règles"])


@routeur.get(
    "/paquet",
    summary="Identifier le paquet en service",
    description="Version, empreinte, moteur, et compte du contenu : de quoi rejouer une vérification.",
    response_model=PaquetEnService,
    response_description="Le paquet en service.",
    responses=decrire_refus(PARAMETRE_INVALIDE, PAS_PRET),
)
async def lire_paquet(detenteur: LeDetenteur) -> Response:
    with detenteur.emprunter() as verificateur:
        return repondre(ecrire(service.presenter(verificateur)), verificateur.paquet)


@routeur.get(
    "/parametres",
    summary="Lister les seuils et les taux",
    description="Chaque paramètre daté, avec son historique et, si une date est donnée, sa valeur ce jour-là. Une "
    "valeur inconnue reste inconnue : jamais zéro, jamais celle d'avant.",
    response_model=ListeDeParametres,
    response_description="Les paramètres, dans l'ordre des clés.",
    responses=decrire_refus(PARAMETRE_INVALIDE, PAS_PRET),
)
async def lister_parametres(
    detenteur: LeDetenteur,
    date: Annotated[JourDAdresse | None, Query(description="Jour où évaluer les paramètres (AAAA-MM-JJ).")] = None,
) -> Response:
    with detenteur.emprunter() as verificateur:
        paquet = verificateur.paquet
        return repondre(ecrire(service.lister_parametres(paquet, date)), paquet)


@routeur.get(
    "/referentiels/{nom}",
    summary="Lire un référentiel",
    description="Familles de codes CPV, acheteurs connus, divisions du CPV. `GET /v1/paquet` donne les noms.",
    response_model=Referentiel,
    response_description="Le référentiel.",
    responses=decrire_refus(IDENTIFIANT_INCONNU, PARAMETRE_INVALIDE, PAS_PRET),
)
async def lire_referentiel(
    detenteur: LeDetenteur,
    nom: Annotated[str, Path(description="Nom du référentiel.", examples=["familles_agec"])],
) -> Response:
    with detenteur.emprunter() as verificateur:
        paquet = verificateur.paquet
        referentiel = service.trouver_referentiel(paquet, nom)
        if referentiel is None:
            raise refuser_identifiant(nom, list(paquet.referentiels), "Aucun référentiel")
        return repondre(ecrire(referentiel), paquet)
