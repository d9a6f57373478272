"""Les paramètres datés : une ligne par date, avec sa source.

Un paramètre inconnu reste inconnu : jamais zéro, jamais la valeur d'avant.
"""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from services.regles.fiches import Confiance, Provenance

Unite = Literal["EUR_HT", "EUR", "part", "mois", "jours", "annees", "multiple", "booleen", "m2", "habitants", "heures"]
INCONNU = "a_renseigner"


def _lire_valeur(valeur: object) -> object:
    if valeur == INCONNU:
        return None
    if isinstance(valeur, bool | int | Decimal):
        return valeur if isinstance(valeur, bool) else Decimal(valeur)
    raise ValueError(f"un nombre ou `{INCONNU}` attendu ; écrire la valeur sans guillemets")


class LigneDatee(BaseModel):
    """La valeur d'un paramètre à partir d'une date, et ce qui la fonde."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    depuis: date
    jusqu_au: date | None = Field(None, description="Fin connue de cette valeur (dernière ligne seulement).")
    valeur: Annotated[Decimal | bool | None, BeforeValidator(_lire_valeur)] = Field(
        description="Nombre exact, ou `a_renseigner` quand elle n'est pas connue."
    )
    confiance: Confiance
    texte: str = Field(min_length=1)
    article: str = Field(min_length=1)
    parution: date | None = Field(description="Publication du texte ; absente si elle n'est pas sûre.")
    provenance: Provenance
    source: str | None = None
    note: str | None = None
    a_confirmer: str | None = Field(None, description="Point contesté : la valeur écrite est le repli prudent.")


class Parametre(BaseModel):
    """Un seuil ou un taux, avec son histoire."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    libelle: str = Field(min_length=1)
    unite: Unite
    apres_la_derniere_valeur: Literal["erreur", "prolonger_avec_alerte", "prolonger"] = Field(
        description="Ce qui vaut après le `jusqu_au` de la dernière ligne."
    )
    verifie_le: date
    note: str | None = None
    valeurs: list[LigneDatee] = Field(min_length=1)

    @model_validator(mode="after")
    def _verifier_dates(self) -> "Parametre":
        dates = [ligne.depuis for ligne in self.valeurs]
        if any(suivante <= avant for avant, suivante in pairwise(dates)):
            raise ValueError(
                "les lignes doivent se suivre de la plus ancienne à la plus récente ; les remettre en ordre"
            )
        if any(ligne.jusqu_au is not None for ligne in self.valeurs[:-1]):
            raise ValueError("`jusqu_au` n'a de sens que sur la dernière ligne ; le retirer des autres")
        return self

    def valoir(self, jour: date) -> "ValeurDatee | None":
        """Rend la valeur au jour donné, ou None si elle est inconnue ce jour-là."""
        rang = bisect_right([ligne.depuis for ligne in self.valeurs], jour) - 1
        if rang < 0:
            return None
        ligne = self.valeurs[rang]
        if ligne.valeur is None:
            return None
        echue = ligne.jusqu_au is not None and jour > ligne.jusqu_au
        if echue and self.apres_la_derniere_valeur == "erreur":
            return None
        mention = ligne.a_confirmer
        if echue and self.apres_la_derniere_valeur == "prolonger_avec_alerte":
            mention = f"valeur connue jusqu'au {ligne.jusqu_au:%d/%m/%Y}, prolongée faute de texte plus récent"
        return ValeurDatee(ligne.valeur, ligne.depuis, ligne.texte, ligne.article, ligne.confiance, mention)


@dataclass(frozen=True, slots=True)
class ValeurDatee:
    """Une valeur de paramètre à une date : le nombre, depuis quand, par quel texte, avec quelle certitude."""

    valeur: Decimal | bool
    depuis: date
    texte: str
    article: str
    confiance: Confiance
    mention: str | None
