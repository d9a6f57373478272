"""Les engagements des schémas d'achats responsables, ligne à ligne, et ce qui répond à chacun.

Une ligne est prise en charge par des règles, par des indicateurs de portefeuille, ou reste hors de l'outil avec sa
raison : jamais sans réponse.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Spaser = Literal["vra_2023_2026", "drome_2025_2028"]
NatureEngagement = Literal["consultation", "lot", "portefeuille", "organisation", "contexte"]
PriseEnCharge = Literal["regle", "indicateur", "hors_outil"]


class Engagement(BaseModel):
    """Une ligne d'un schéma : ce qu'elle promet, et ce qui la vérifie."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    spaser: Spaser = Field(description="Schéma qui porte la ligne.")
    section: str = Field(min_length=1, description="Partie du schéma : engagement, fiche-action, préambule.")
    resume: str = Field(min_length=1, max_length=600, description="L'engagement, en nos mots.")
    nature: NatureEngagement = Field(
        description="Se juge sur une consultation ou un lot, sur un ensemble de marchés, ou hors de tout marché."
    )
    regles: list[str] = Field(default=[], description="Règles qui y répondent.")
    indicateurs: list[str] = Field(default=[], description="Indicateurs de portefeuille qui y répondent.")
    hors_outil: str | None = Field(None, min_length=1, description="Pourquoi l'outil n'y répond pas, ou pas en entier.")
    note: str | None = Field(None, min_length=1, description="Ambiguïté du texte, et lecture retenue.")

    @model_validator(mode="after")
    def _exiger_une_reponse(self) -> "Engagement":
        if not (self.regles or self.indicateurs or self.hors_outil):
            raise ValueError("une règle, un indicateur ou `hors_outil` attendu ; dire ce qui répond à l'engagement")
        return self

    @property
    def prise_en_charge(self) -> PriseEnCharge:
        """Ce qui répond d'abord à l'engagement."""
        if self.regles:
            return "regle"
        return "indicateur" if self.indicateurs else "hors_outil"
