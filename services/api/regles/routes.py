"""Lire les règles : ce qu'elles demandent, depuis quand, sur quel fondement."""

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
from services.api.regles import service
from services.api.regles.schemas import ListeDeRegles, Niveau, RegleDetaillee
from services.api.sortie import ecrire, repondre
from services.regles.fiches import Axe, Corpus, Nature

routeur = APIRouter(prefix="/v1/regles", tags=["Règles"])


@routeur.get(
    "",
    summary="Lister les règles",
    description="Les règles en service, dans l'ordre de leurs identifiants ; une règle qui a changé y figure une fois "
    "par version. Les filtres s'ajoutent.",
    response_model=ListeDeRegles,
    response_description="Les règles retenues.",
    responses=decrire_refus(PARAMETRE_INVALIDE, PAS_PRET),
)
async def lister_regles(
    detenteur: LeDetenteur,
    corpus: Annotated[Corpus | None, Query(description="Garde les règles de ce texte.")] = None,
    axe: Annotated[Axe | None, Query(description="Garde les règles de ce sujet.")] = None,
    nature: Annotated[Nature | None, Query(description="Garde les règles de cette force.")] = None,
    niveau: Annotated[
        Niveau | None, Query(description="Garde les règles jugées sur la consultation, ou lot par lot.")
    ] = None,
    date: Annotated[
        JourDAdresse | None, Query(description="Garde les règles en vigueur ce jour-là (AAAA-MM-JJ).")
    ] = None,
) -> Response:
    with detenteur.emprunter() as verificateur:
        paquet = verificateur.paquet
        return repondre(ecrire(service.lister(paquet, corpus, axe, nature, niveau, date)), paquet)


@routeur.get(
    "/{id}",
    summary="Lire une règle",
    description="Toute la fiche : références, conditions, exceptions, paramètres et leurs valeurs datées, clauses "
    "proposées, cas qui la contrôlent, et l'état de sa relecture juridique.",
    response_model=RegleDetaillee,
    response_description="La fiche de la règle.",
    responses=decrire_refus(IDENTIFIANT_INCONNU, PARAMETRE_INVALIDE, PAS_PRET),
)
async def lire_regle(
    detenteur: LeDetenteur,
    identifiant: Annotated[
        str,
        Path(
            alias="id",
            description="Identifiant de la règle (dernière version), ou `ID@version`.",
            examples=["CCP-ENV-CRITERE"],
        ),
    ],
) -> Response:
    with detenteur.emprunter() as verificateur:
        paquet = verificateur.paquet
        regle = service.detailler(paquet, identifiant)
        if regle is None:
            raise refuser_identifiant(identifiant, [r.fiche.id for r in paquet.regles], "Aucune règle")
        return repondre(ecrire(regle), paquet)
