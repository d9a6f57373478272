"""Ce que montre l'API du clausier."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final, Literal

from pydantic import BaseModel, Field

from services.regles.clauses import Ccag, Trou
from services.regles.fiches import Piece, Theme


@dataclass(frozen=True, slots=True)
class ClauseResumee:
    """Une clause du clausier, en bref."""

    id: Annotated[str, Field(description="Identifiant de la clause.", examples=["RC-CRITERE-ENV-01"])]
    titre: Annotated[str, Field(description="Titre de la clause.")]
    piece: Annotated[Piece, Field(description="Pièce où la mettre.")]
    theme: Annotated[Theme, Field(description="Ce à quoi elle sert.")]
    ou: Annotated[str, Field(description="Article ou section de la pièce.")]
    segments: Annotated[list[str], Field(description="Segments d'achat visés ; `tous` pour une clause générale.")]
    relecture_juridique: Annotated[
        Literal["a_faire", "faite"], Field(description="`a_faire` tant qu'un juriste ne l'a pas relue.")
    ]


@dataclass(frozen=True, slots=True)
class ListeDeClauses:
    """Les clauses qui répondent aux filtres."""

    total: Annotated[int, Field(description="Nombre de clauses rendues.")]
    clauses: Annotated[list[ClauseResumee], Field(description="Les clauses.")]


@dataclass(frozen=True, slots=True)
class ClauseDetaillee(ClauseResumee):
    """Une clause, avec son texte à trous et les règles qui la font proposer."""

    texte: Annotated[str, Field(description="Texte à trous : `{{ nom }}` désigne un blanc décrit sous `trous`.")]
    trous: Annotated[dict[str, Trou], Field(description="Les blancs du texte, et ce qui les remplit.")]
    interet: Annotated[str, Field(description="Ce que la clause apporte.")]
    vigilance: Annotated[str, Field(description="Ce à quoi veiller.")]
    va_avec: Annotated[list[str], Field(description="Clauses qui vont avec celle-ci.")]
    exclut: Annotated[list[str], Field(description="Clauses incompatibles avec celle-ci.")]
    fondement: Annotated[list[str], Field(description="Textes qui la fondent.")]
    ccag: Annotated[dict[Ccag, str], Field(description="Article concerné, par CCAG de 2021.")]
    provenance: Annotated[str, Field(description="Origine de la rédaction.")]
    verifie_le: Annotated[date, Field(description="Dernière lecture des sources.")]
    regles: Annotated[list[str], Field(description="Règles qui la font proposer.")]


LEXIQUE: Final[Mapping[type[BaseModel], Mapping[str, str]]] = {
    Trou: {"libelle": "Ce qu'il faut écrire dans le blanc.", "filtre": "Mise en forme de la valeur."},
}
"""La phrase de chaque champ du clausier qui n'en porte pas dans son modèle."""

EXEMPLE_RESUME: Final = {
    "id": "RC-CRITERE-ENV-01",
    "titre": "Critère environnemental pondéré",
    "piece": "RC",
    "theme": "critere_environnemental",
    "ou": "Article « Jugement des offres »",
    "segments": ["tous"],
    "relecture_juridique": "a_faire",
}
EXEMPLE_LISTE: Final = {"total": 1, "clauses": [EXEMPLE_RESUME]}
EXEMPLE_DETAIL: Final = {
    **EXEMPLE_RESUME,
    "texte": "Les offres sont jugées, entre autres, sur leur performance environnementale, pondérée à {{ poids }} %.",
    "trous": {"poids": {"libelle": "Poids du critère, sur 100", "fait": None, "parametre": None, "filtre": None}},
    "interet": "Répond à l'obligation d'un critère environnemental.",
    "vigilance": "Le critère doit être lié à l'objet du marché.",
    "va_avec": ["RC-CADRE-REPONSE-ENV-01"],
    "exclut": [],
    "fondement": ["L2152-7 du code de la commande publique"],
    "ccag": {},
    "provenance": "redaction_verifop",
    "verifie_le": "2026-11-21",
    "regles": ["CCP-ENV-CRITERE"],
}
