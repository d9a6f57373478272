"""Lire le clausier."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from services.api.clauses import service
from services.api.clauses.schemas import ClauseDetaillee, ListeDeClauses
from services.api.dependances import LeDetenteur
from services.api.erreurs import (
    IDENTIFIANT_INCONNU,
    PARAMETRE_INVALIDE,
    PAS_PRET,
    decrire_refus,
    refuser_identifiant,
    refuser_parametres,
)
from services.api.sortie import ecrire, repondre
from services.regles.erreurs import Anomalie, trouver_proche
from services.regles.fiches import Piece, Theme

routeur = APIRouter(prefix="/v1/clauses", tags=["Clauses"])


@routeur.get(
    "",
    summary="Lister les clauses",
    description="Le clausier, dans l'ordre des identifiants. Un segment garde ses clauses et les clauses générales.",
    response_model=ListeDeClauses,
    response_description="Les clauses retenues.",
    responses=decrire_refus(PARAMETRE_INVALIDE, PAS_PRET),
)
async def lister_clauses(
    detenteur: LeDetenteur,
    piece: Annotated[Piece | None, Query(description="Garde les clauses de cette pièce.")] = None,
    theme: Annotated[Theme | None, Query(description="Garde les clauses qui servent à cela.")] = None,
    segment: Annotated[
        str | None, Query(description="Garde les clauses qui conviennent à ce segment d'achat.", examples=["voirie"])
    ] = None,
) -> Response:
    with detenteur.emprunter() as verificateur:
        paquet = verificateur.paquet
        connus = service.lister_segments(paquet)
        if segment is not None and segment not in connus:
            proche = trouver_proche(segment, connus)
            correction = f"écrire « {proche} »" if proche is not None else "choisir une valeur de la liste"
            attendu = f"valeur parmi {', '.join(connus)}"
            raise refuser_parametres([Anomalie("valeur_hors_liste", "segment", "", attendu, "texte", correction)])
        return repondre(ecrire(service.lister(paquet, piece, theme, segment)), paquet)


@routeur.get(
    "/{id}",
    summary="Lire une clause",
    description="Le texte à trous de la clause, où la mettre, pourquoi, à quoi veiller, et les règles qui la "
    "proposent. Le texte rempli par une fiche se trouve dans le rapport de vérification.",
    response_model=ClauseDetaillee,
    response_description="La clause.",
    responses=decrire_refus(IDENTIFIANT_INCONNU, PARAMETRE_INVALIDE, PAS_PRET),
)
async def lire_clause(
    detenteur: LeDetenteur,
    identifiant: Annotated[
        str, Path(alias="id", description="Identifiant de la clause.", examples=["RC-CRITERE-ENV-01"])
    ],
) -> Response:
    with detenteur.emprunter() as verificateur:
        paquet = verificateur.paquet
        clause = service.detailler(paquet, identifiant)
        if clause is None:
            raise refuser_identifiant(identifiant, list(paquet.clauses), "Aucune clause")
        return repondre(ecrire(clause), paquet)
