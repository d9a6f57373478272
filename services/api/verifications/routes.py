"""Vérifier une fiche, ou jusqu'à deux cents."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from starlette.requests import ClientDisconnect

from services.api.corps import lire_corps
from services.api.dependances import JourDAdresse, LeDetenteur, LExecuteur
from services.api.erreurs import (
    CORPS_TROP_GRAND,
    FOP_INVALIDE,
    JSON_ILLISIBLE,
    PARAMETRE_INVALIDE,
    PAS_PRET,
    TYPE_DE_CONTENU,
    decrire_refus,
    lire_requete,
)
from services.api.sortie import repondre
from services.api.verifications import service
from services.api.verifications.schemas import ElementDuLot
from services.regles.rapport import Detail, Rapport

routeur = APIRouter(prefix="/v1/verifications", tags=["Vérifier"])

ADRESSE_DE_LA_FOP = "#/components/schemas/Fop"
_REFUS = (JSON_ILLISIBLE, CORPS_TROP_GRAND, TYPE_DE_CONTENU, FOP_INVALIDE, PARAMETRE_INVALIDE, PAS_PRET)

DateDeReference = Annotated[
    JourDAdresse | None,
    Query(
        description="Simule un lancement à cette date (AAAA-MM-JJ), à la place de `date_lancement` : le droit de ce "
        "jour-là s'applique, et le rapport le dit.",
    ),
]
NiveauDeDetail = Annotated[
    Detail,
    Query(
        description="`complet` : chaque constat porte la trace de ses contrôles (valeur lue, borne, paramètre et sa "
        "date). `essentiel` : les mêmes verdicts, sans les traces.",
    ),
]


def _decrire_corps(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    corps = {"description": description, "required": True, "content": {"application/json": {"schema": schema}}}
    return {"requestBody": corps}


@routeur.post(
    "",
    summary="Vérifier une fiche opération",
    description="Le corps **est** la fiche. La réponse est le rapport, même défavorable : un écart n'est pas une "
    "erreur HTTP. Une donnée absente n'est ni « non » ni « conforme » : la règle qui en dépend répond "
    "`indetermine`, et `a_demander` dit quoi demander.",
    response_model=Rapport,
    response_description="Le rapport : synthèses, constats, données à demander, clauses à coller.",
    responses=decrire_refus(*_REFUS),
    openapi_extra=_decrire_corps("La fiche opération, en JSON.", {"$ref": ADRESSE_DE_LA_FOP}),
)
async def verifier_fop(
    requete: Request,
    detenteur: LeDetenteur,
    executeur: LExecuteur,
    date_de_reference: DateDeReference = None,
    detail: NiveauDeDetail = "essentiel",
) -> Response:
    octets = await lire_corps(requete)
    with detenteur.emprunter() as verificateur:
        if service.etre_legere(octets):
            contenu = service.verifier(verificateur, octets, date_de_reference, detail)
        else:
            contenu = await asyncio.get_running_loop().run_in_executor(
                executeur, service.verifier, verificateur, octets, date_de_reference, detail
            )
        return repondre(contenu, verificateur.paquet)


@routeur.post(
    "/lot",
    summary="Vérifier plusieurs fiches d'un coup",
    description=f"De 1 à {service.FOP_MAX_PAR_LOT} fiches, 2 Mio en tout. Chaque fiche a sa réponse, dans l'ordre reçu "
    ": son rapport, ou le problème qui l'empêche. Une fiche fautive n'empêche jamais les autres.",
    response_model=list[ElementDuLot],
    response_description="Un élément par fiche, dans l'ordre reçu.",
    responses=decrire_refus(*_REFUS),
    openapi_extra=_decrire_corps(
        "La liste des fiches, en JSON.",
        {"type": "array", "minItems": 1, "maxItems": service.FOP_MAX_PAR_LOT, "items": {"$ref": ADRESSE_DE_LA_FOP}},
    ),
)
async def verifier_lot(
    requete: Request,
    detenteur: LeDetenteur,
    executeur: LExecuteur,
    date_de_reference: DateDeReference = None,
    detail: NiveauDeDetail = "essentiel",
) -> Response:
    octets = await lire_corps(requete)
    boucle = asyncio.get_running_loop()
    with detenteur.emprunter() as verificateur:
        fops = await boucle.run_in_executor(executeur, service.decouper_lot, octets)
        elements: list[bytes] = []
        # Un passage par fiche : les requêtes seules se glissent entre deux, et un client parti arrête le travail.
        for rang, fop in enumerate(fops, start=1):
            if await requete.is_disconnected():
                raise ClientDisconnect
            elements.append(
                await boucle.run_in_executor(
                    executeur,
                    service.verifier_element,
                    verificateur,
                    rang,
                    fop,
                    date_de_reference,
                    detail,
                    lire_requete(requete),
                )
            )
        return repondre(b"[" + b",".join(elements) + b"]", verificateur.paquet)
