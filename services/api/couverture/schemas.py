"""Ce que montre l'API de la couverture des schémas d'achats responsables."""

from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import Field

from services.regles.engagements import NatureEngagement, PriseEnCharge, Spaser


@dataclass(frozen=True, slots=True)
class RegleQuiRepond:
    """Une règle qui répond à un engagement."""

    id: Annotated[str, Field(description="Identifiant de la règle.", examples=["VRA-E8-ENV"])]
    titre: Annotated[str, Field(description="Titre de la règle.")]


@dataclass(frozen=True, slots=True)
class LigneDeSchema:
    """Une ligne d'un schéma, et ce qui lui répond."""

    id: Annotated[str, Field(description="Identifiant de la ligne.", examples=["VRA-E8.1"])]
    spaser: Annotated[Spaser, Field(description="Schéma qui la porte.")]
    section: Annotated[str, Field(description="Partie du schéma.")]
    resume: Annotated[str, Field(description="L'engagement, en nos mots.")]
    nature: Annotated[NatureEngagement, Field(description="Où il se juge.")]
    prise_en_charge: Annotated[PriseEnCharge, Field(description="Ce qui y répond d'abord.")]
    regles: Annotated[list[RegleQuiRepond], Field(description="Les règles qui le vérifient.")]
    indicateurs: Annotated[list[str], Field(description="Les indicateurs de portefeuille prévus pour le mesurer.")]
    hors_outil: Annotated[str | None, Field(description="Pourquoi l'outil n'y répond pas, ou pas en entier.")]
    note: Annotated[str | None, Field(description="Ambiguïté du texte, et lecture retenue.")]


@dataclass(frozen=True, slots=True)
class Couverture:
    """Les lignes des schémas, comptées par prise en charge."""

    total: Annotated[int, Field(description="Nombre de lignes rendues.")]
    par_prise_en_charge: Annotated[dict[PriseEnCharge, int], Field(description="Nombre de lignes par réponse.")]
    lignes: Annotated[list[LigneDeSchema], Field(description="Les lignes, dans l'ordre des schémas.")]


EXEMPLE: Final = {
    "total": 1,
    "par_prise_en_charge": {"regle": 1, "indicateur": 0, "hors_outil": 0},
    "lignes": [
        {
            "id": "VRA-E8.1",
            "spaser": "vra_2023_2026",
            "section": "Engagement 8, achats plus respectueux de l'environnement",
            "resume": "Une considération environnementale dans tous les marchés en 2025.",
            "nature": "consultation",
            "prise_en_charge": "regle",
            "regles": [{"id": "VRA-E8-ENV", "titre": "Chaque marché comporte une considération environnementale"}],
            "indicateurs": ["IND-VRA-E8.1"],
            "hors_outil": None,
            "note": None,
        }
    ],
}
