"""Lire la couverture des schémas d'achats responsables."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.api.couverture import service
from services.api.couverture.schemas import Couverture
from services.api.dependances import LeDetenteur
from services.api.erreurs import PARAMETRE_INVALIDE, PAS_PRET, decrire_refus
from services.api.sortie import ecrire, repondre
from services.regles.engagements import PriseEnCharge, Spaser

routeur = APIRouter(prefix="/v1/couverture", tags=["Couverture"])


@routeur.get(
    "",
    summary="Lire ce qui répond à chaque engagement",
    description="Ligne à ligne, les schémas d'achats responsables de Valence Romans Agglo et du Département de la "
    "Drôme : la règle qui vérifie l'engagement, l'indicateur qui le mesure, ou la raison qui le laisse hors de l'outil."
    " Aucune ligne n'est sans réponse.",
    response_model=Couverture,
    response_description="Les lignes des schémas.",
    responses=decrire_refus(PARAMETRE_INVALIDE, PAS_PRET),
)
async def lire_couverture(
    detenteur: LeDetenteur,
    spaser: Annotated[Spaser | None, Query(description="Garde les lignes de ce schéma.")] = None,
    prise_en_charge: Annotated[PriseEnCharge | None, Query(description="Garde les lignes de cette réponse.")] = None,
) -> Response:
    with detenteur.emprunter() as verificateur:
        paquet = verificateur.paquet
        return repondre(ecrire(service.lister(paquet, spaser, prise_en_charge)), paquet)
