"""Les référentiels : familles de codes CPV, acheteurs connus, divisions CPV."""

from functools import partial
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from services.regles.champs import CHAMPS
from services.regles.conditions import FamilleCpv
from services.regles.fiches import Provenance


def _exiger_texte(valeur: Any) -> Any:
    if not isinstance(valeur, str):
        raise ValueError("texte attendu, nombre lu : mettre des guillemets")
    return valeur


def _exiger_enumere(chemin: str, valeur: str) -> str:
    valeurs = CHAMPS[chemin].valeurs
    if valeur not in valeurs:
        raise ValueError(f"l'une des valeurs {', '.join(valeurs)} attendue ; choisir dans la liste")
    return valeur


Prefixe = Annotated[str, BeforeValidator(_exiger_texte), Field(pattern=r"^\d{2,8}$")]
CodeCpv = Annotated[str, BeforeValidator(_exiger_texte), Field(pattern=r"^\d{8}$")]


class _Ecrit(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EntreeCpv(_Ecrit):
    """Une famille d'achat et les codes CPV qui y mènent."""

    libelle: str = Field(min_length=1)
    cpv: list[Prefixe] = Field(default=[], description="Préfixes ; le plus long l'emporte dans tout le référentiel.")
    sauf: list[Prefixe] = Field(default=[], description="Préfixes retirés de la famille.")
    exact: list[CodeCpv] = Field(default=[], description="Codes pris tels quels.")
    plages: list[tuple[CodeCpv, CodeCpv]] = Field(default=[], description="Intervalles de codes, bornes comprises.")
    origine: str = Field(min_length=1, description="D'où vient la correspondance.")
    provenance: Provenance
    note: str | None = None

    @model_validator(mode="after")
    def _exiger_des_codes(self) -> "EntreeCpv":
        if not (self.cpv or self.exact or self.plages):
            raise ValueError("au moins un préfixe, un code exact ou une plage attendu")
        if any(debut > fin for debut, fin in self.plages):
            raise ValueError("une plage va du plus petit code au plus grand ; inverser ses bornes")
        return self


class EntreeAcheteur(_Ecrit):
    """Un acheteur connu, et le schéma d'achats dont il relève."""

    libelle: str = Field(min_length=1)
    siret: Annotated[str, BeforeValidator(_exiger_texte), Field(pattern=r"^\d{14}$")]
    type: Annotated[str, AfterValidator(partial(_exiger_enumere, "acheteur.type"))]
    qualite: Annotated[str, AfterValidator(partial(_exiger_enumere, "acheteur.qualite"))]
    spaser: Annotated[str, AfterValidator(partial(_exiger_enumere, "acheteur.spaser"))]
    origine: str = Field(min_length=1)


class EntreeDivision(_Ecrit):
    """Une division du vocabulaire commun des marchés publics (CPV)."""

    libelle: str = Field(min_length=1)


Entree = EntreeCpv | EntreeAcheteur | EntreeDivision
NOMS_PARTICULIERS: dict[str, type[BaseModel]] = {"acheteurs": EntreeAcheteur, "divisions_cpv": EntreeDivision}
Referentiel = dict[str, Entree]


def choisir_modele(nom: str) -> type[BaseModel]:
    """Rend le modèle des entrées du référentiel `nom` ; par défaut, une famille de codes CPV."""
    return NOMS_PARTICULIERS.get(nom, EntreeCpv)


def composer_famille(referentiel: Referentiel, nom_referentiel: str, cle: str) -> FamilleCpv:
    """Prépare l'appartenance à une famille : le plus long préfixe de tout le référentiel décide.

    Lève KeyError si la famille n'existe pas ou n'est pas une famille CPV.
    """
    familles = {nom: entree for nom, entree in referentiel.items() if isinstance(entree, EntreeCpv)}
    voulue = familles[cle]
    gagnants: dict[str, bool] = {}
    if nom_referentiel in PARTAGES:
        for nom, entree in familles.items():
            for prefixe in entree.cpv:
                gagnants[prefixe] = gagnants.get(prefixe, False) or nom == cle
    else:
        gagnants = dict.fromkeys(voulue.cpv, True)
    gagnants.update(dict.fromkeys(voulue.sauf, False))
    longueurs = tuple(sorted({len(prefixe) for prefixe in gagnants}, reverse=True))
    return FamilleCpv(
        nom=f"{nom_referentiel}.{cle}",
        libelle=voulue.libelle,
        gagnants=gagnants,
        exacts=frozenset(voulue.exact),
        plages=tuple(voulue.plages),
        longueurs=longueurs,
    )


PARTAGES = frozenset({"familles_agec"})
"""Référentiels qui partagent les codes entre familles : le plus long préfixe n'appartient qu'à une seule.

Ailleurs (segments, denrées), une même famille d'achat peut en recouper une autre : chacune se juge seule."""


def composer_prefixes(prefixes: tuple[str, ...]) -> FamilleCpv:
    """Prépare une liste de préfixes écrite dans une fiche."""
    return FamilleCpv(
        nom="|".join(prefixes),
        libelle=", ".join(prefixes),
        gagnants=dict.fromkeys(prefixes, True),
        exacts=frozenset(),
        plages=(),
        longueurs=tuple(sorted({len(prefixe) for prefixe in prefixes}, reverse=True)),
    )
