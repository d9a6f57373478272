"""Dire si le service vit, et s'il peut répondre."""

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Response
from pydantic import Field

from services.api.dependances import LeDetenteur
from services.api.detenteur import Rechargement
from services.api.erreurs import PAS_PRET, decrire_refus
from services.api.sortie import ecrire, repondre
from services.regles.rapport import MoteurCite, PaquetCite

routeur = APIRouter(prefix="/sante", tags=["Santé"])


@dataclass(frozen=True, slots=True)
class Vivant:
    """Le processus répond."""

    etat: Annotated[Literal["vivant"], Field(description="Toujours `vivant`.")]


@dataclass(frozen=True, slots=True)
class Pret:
    """Le service peut juger des fiches."""

    etat: Annotated[Literal["pret"], Field(description="Toujours `pret` ; sinon la réponse est un 503.")]
    paquet: Annotated[PaquetCite, Field(description="Le paquet en service.")]
    moteur: Annotated[MoteurCite, Field(description="Le moteur qui juge, et s'il est dégradé.")]
    regles: Annotated[int, Field(description="Nombre de règles en service.")]
    desaccords: Annotated[
        int,
        Field(description="Règles sur lesquelles les deux moteurs se sont contredits depuis le démarrage ; 0 attendu."),
    ]
    dernier_rechargement: Annotated[
        Rechargement | None, Field(description="Issue du dernier rechargement à chaud ; absente s'il n'y en a pas eu.")
    ]


EXEMPLE_VIVANT: Final = {"etat": "vivant"}
EXEMPLE_PRET: Final = {
    "etat": "pret",
    "paquet": {"nom": "VériFOP, règles de la commande publique", "version": "2026.11.0", "empreinte": "d783" * 16},
    "moteur": {"nom": "double", "degrade": False},
    "regles": 23,
    "desaccords": 0,
    "dernier_rechargement": None,
}


@routeur.get(
    "/vivant",
    summary="Le processus vit-il ?",
    description="Répond tant que le processus tourne, même sans paquet de règles.",
    response_model=Vivant,
    response_description="Le processus vit.",
    responses=decrire_refus(),
)
async def dire_vivant() -> Response:
    return Response(ecrire(Vivant("vivant")), media_type="application/json")


@routeur.get(
    "/pret",
    summary="Le service peut-il juger ?",
    description="200 si un paquet de règles est en service, 503 sinon. Un moteur dégradé répond 200 et le dit.",
    response_model=Pret,
    response_description="Le service peut juger.",
    responses=decrire_refus(PAS_PRET),
)
async def dire_pret(detenteur: LeDetenteur) -> Response:
    with detenteur.emprunter() as verificateur:
        paquet = verificateur.paquet
        pret = Pret(
            etat="pret",
            paquet=PaquetCite(paquet.nom, paquet.version, paquet.empreinte),
            moteur=MoteurCite(verificateur.moteur.nom, verificateur.degrade),
            regles=len(paquet.regles),
            desaccords=detenteur.desaccords,
            dernier_rechargement=detenteur.dernier_rechargement,
        )
        return repondre(ecrire(pret), paquet)
