"""Le clausier : des textes prêts à coller, à trous remplis par la FOP."""

import re
from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.regles.fiches import Piece, Theme

TROU = re.compile(r"\{\{\s*(?P<nom>[a-z0-9_]+)\s*\}\}")
Filtre = Literal["euros", "pourcent", "date", "nombre", "liste"]
Ccag = Literal["travaux", "fcs", "pi", "tic", "mi", "moe"]


class _Ecrit(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


ARTICLE_CCAG = "article_ccag"
"""Le trou que remplit l'article du CCAG choisi par la consultation."""


class Trou(_Ecrit):
    """Un blanc de la clause : rempli par une donnée de la FOP, par un paramètre, ou laissé à l'acheteur.

    Le trou nommé `article_ccag` se remplit de l'article que la clause cite pour le CCAG de la consultation.
    """

    libelle: str = Field(min_length=1)
    fait: str | None = Field(None, description="Chemin de la donnée ; `lot.x` désigne le lot concerné.")
    parametre: str | None = Field(None, description="Clé d'un paramètre daté.")
    filtre: Filtre | None = None


class Clause(_Ecrit):
    """Une clause proposée : son texte, où la mettre, pourquoi, à quoi veiller."""

    titre: str = Field(min_length=1)
    piece: Piece
    theme: Theme = Field(description="Ce à quoi la clause sert : une règle demande un thème, le segment choisit.")
    ou: str = Field(min_length=1, description="Article ou section de la pièce.")
    segments: list[str] = Field(min_length=1, description="Segments d'achat visés ; `tous` pour une clause générale.")
    texte: str = Field(min_length=1)
    trous: dict[str, Trou] = Field(default={})
    interet: str = Field(min_length=1)
    vigilance: str = Field(min_length=1)
    va_avec: list[str] = Field(default=[])
    exclut: list[str] = Field(default=[])
    fondement: list[str] = Field(min_length=1)
    ccag: dict[Ccag, str] = Field(default={}, description="Article du CCAG 2021 concerné, par CCAG.")
    provenance: Literal["redaction_verifop"]
    verifie_le: date
    relecture_juridique: Literal["a_faire", "faite"]

    @model_validator(mode="after")
    def _accorder_les_trous(self) -> "Clause":
        ecrits = {trouve["nom"] for trouve in TROU.finditer(self.texte)}
        manquants, superflus = sorted(ecrits - set(self.trous)), sorted(set(self.trous) - ecrits)
        if manquants:
            raise ValueError(f"trou non déclaré : {', '.join(manquants)} ; le décrire sous `trous`")
        if superflus:
            raise ValueError(f"trou déclaré mais absent du texte : {', '.join(superflus)} ; le retirer")
        return self
