"""Les conditions d'une fiche : telles qu'elles s'écrivent, puis typées.

Écrites, ce sont des modèles Pydantic fermés (une clé = un nœud). Typées, ce sont des arbres immuables dont chaque
feuille connaît la donnée lue, son genre, son opérateur et sa borne : les deux moteurs et l'explication lisent le même
arbre. Aucune expression en texte n'est jamais évaluée.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from services.regles.champs import Champ
from services.regles.operateurs import OPERATEURS, Operateur

# ------------------------------------------------------------------------------------------------ telles qu'écrites


class _Ecrit(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class RenvoiParametre(_Ecrit):
    """Une borne prise dans un paramètre daté."""

    parametre: str = Field(description="Alias déclaré sous `parametres` de la fiche.")


class RenvoiReferentiel(_Ecrit):
    """Une liste de préfixes CPV prise dans un référentiel."""

    referentiel: str = Field(description="`fichier.famille`, par exemple `familles_agec.mobilier`.")


Valeur = bool | int | Decimal | str
Nombre = int | Decimal


class Controle(_Ecrit):
    """Compare une donnée de la FOP à une borne, par un seul opérateur."""

    fait: str = Field(description="Chemin de la donnée ; `.x` désigne l'élément courant (lot, critère, clause).")
    egal: Valeur | None = Field(None, description="La donnée vaut exactement cette valeur.")
    different: Valeur | None = Field(None, description="La donnée vaut autre chose que cette valeur.")
    parmi: list[Valeur] | None = Field(None, min_length=1, description="La donnée est l'une de ces valeurs.")
    hors: list[Valeur] | None = Field(None, min_length=1, description="La donnée n'est aucune de ces valeurs.")
    au_moins: Nombre | RenvoiParametre | None = Field(None, description="Supérieur ou égal.")
    plus_de: Nombre | RenvoiParametre | None = Field(None, description="Strictement supérieur.")
    au_plus: Nombre | RenvoiParametre | None = Field(None, description="Inférieur ou égal.")
    moins_de: Nombre | RenvoiParametre | None = Field(None, description="Strictement inférieur.")
    a_partir_du: str | None = Field(None, description="Date égale ou postérieure (AAAA-MM-JJ).")
    avant: str | None = Field(None, description="Date strictement antérieure (AAAA-MM-JJ).")
    commence_par: list[str] | RenvoiReferentiel | None = Field(
        None, description="Préfixes, ou famille d'un référentiel (le plus long préfixe l'emporte)."
    )
    ne_commence_par: list[str] | RenvoiReferentiel | None = Field(
        None, description="Ni ces préfixes, ni cette famille : le contraire exact de `commence_par`."
    )
    contient: Valeur | None = Field(None, description="La liste contient cette valeur.")
    renseigne: bool | None = Field(
        None, description="La donnée est (`oui`) ou n'est pas (`non`) renseignée ; jamais inconnu."
    )
    nombre_egal: int | None = Field(None, ge=0, description="Taille exacte de la liste.")
    nombre_au_moins: int | None = Field(None, ge=0, description="Taille minimale de la liste.")
    nombre_au_plus: int | None = Field(None, ge=0, description="Taille maximale de la liste.")

    @model_validator(mode="after")
    def _exiger_un_operateur(self) -> "Controle":
        ecrits = self.lister_operateurs()
        if len(ecrits) != 1 or getattr(self, ecrits[0]) is None:
            raise ValueError("un seul opérateur attendu avec sa borne ; en écrire exactement un après `fait`")
        return self

    def lister_operateurs(self) -> list[str]:
        """Rend les noms des opérateurs écrits (un seul quand le contrôle est valide)."""
        return sorted(self.model_fields_set - {"fait"})


class Toutes(_Ecrit):
    """Vrai si toutes les conditions le sont ; la plus fausse l'emporte."""

    toutes: list["Condition"] = Field(min_length=1)


class UneDe(_Ecrit):
    """Vrai si l'une des conditions l'est ; la plus vraie l'emporte."""

    une_de: list["Condition"] = Field(min_length=1)


class PourUn(_Ecrit):
    """Vrai si un élément au moins de la liste vérifie la condition (liste vide : faux)."""

    pour_un: str
    verifie: "Condition"


class PourChaque(_Ecrit):
    """Vrai si chaque élément de la liste vérifie la condition (liste vide : vrai)."""

    pour_chaque: str
    verifie: "Condition"


def _reconnaitre(valeur: Any) -> str:
    if isinstance(valeur, BaseModel):
        return type(valeur).__name__
    if isinstance(valeur, dict):
        for cle, nom in (
            ("toutes", "Toutes"),
            ("une_de", "UneDe"),
            ("pour_un", "PourUn"),
            ("pour_chaque", "PourChaque"),
        ):
            if cle in valeur:
                return nom
    return "Controle"


Condition = Annotated[
    Annotated[Toutes, Tag("Toutes")]
    | Annotated[UneDe, Tag("UneDe")]
    | Annotated[PourUn, Tag("PourUn")]
    | Annotated[PourChaque, Tag("PourChaque")]
    | Annotated[Controle, Tag("Controle")],
    Discriminator(_reconnaitre),
]

for _modele in (Toutes, UneDe, PourUn, PourChaque):
    _modele.model_rebuild()

# --------------------------------------------------------------------------------------------------------- typées

_JOUR = re.compile(r"\d{4}-\d{2}-\d{2}\Z")

Portee = Literal["consultation", "element", "cadre"]


@dataclass(frozen=True, slots=True)
class Lecture:
    """Une donnée lue par une feuille : d'où elle vient, sous quelle clé, de quel genre."""

    source: str
    portee: Portee
    cle: str
    # L'exemple d'un champ, la valeur supposée peuvent être des listes : hors de l'empreinte, non de la comparaison.
    champ: Champ = field(hash=False)
    defaut: Any = field(default=None, hash=False)

    def lire(self, consultation: dict[str, Any], element: dict[str, Any], cadre: dict[str, Any]) -> Any:
        """Rend la valeur, la valeur supposée à défaut, ou None si la donnée est absente."""
        if self.portee == "consultation":
            valeur = consultation.get(self.cle)
        elif self.portee == "element":
            valeur = element.get(self.cle)
        else:
            valeur = cadre.get(self.cle)
        return self.defaut if valeur is None else valeur


@dataclass(frozen=True, slots=True)
class FamilleCpv:
    """Une famille de codes CPV : rattachement au plus long préfixe parmi toutes les familles du référentiel.

    `gagnants` associe à chaque préfixe connu du référentiel si ce préfixe mène à cette famille.
    """

    nom: str
    libelle: str
    gagnants: dict[str, bool]
    exacts: frozenset[str]
    plages: tuple[tuple[str, str], ...]
    longueurs: tuple[int, ...]

    def contenir(self, code: str) -> bool:
        """Dit si le code CPV (8 chiffres) relève de la famille."""
        if code in self.exacts:
            return True
        for longueur in self.longueurs:
            gagne = self.gagnants.get(code[:longueur])
            if gagne is not None:
                return gagne
        return any(debut <= code <= fin for debut, fin in self.plages)

    def __hash__(self) -> int:
        return hash(self.nom)


@dataclass(frozen=True, slots=True)
class Feuille:
    """Un contrôle typé. Une seule borne : constante, paramètre daté ou famille CPV."""

    lecture: Lecture
    operateur: Operateur
    constante: Any
    parametre: str | None
    famille: FamilleCpv | None


@dataclass(frozen=True, slots=True)
class Quantificateur:
    """`pour_un` (tous=False) ou `pour_chaque` (tous=True) sur une liste."""

    liste: Lecture
    tous: bool
    verifie: "Arbre"


@dataclass(frozen=True, slots=True)
class Noeud:
    """Conjonction (`toutes`) ou disjonction (`une_de`)."""

    toutes: bool
    enfants: tuple["Arbre", ...]


Arbre = Feuille | Quantificateur | Noeud


def parcourir(arbre: Arbre) -> Iterator[Feuille | Quantificateur]:
    """Rend, dans l'ordre de lecture, chaque contrôle de l'arbre, quantificateurs compris."""
    if isinstance(arbre, Noeud):
        for enfant in arbre.enfants:
            yield from parcourir(enfant)
    else:
        yield arbre
        if isinstance(arbre, Quantificateur):
            yield from parcourir(arbre.verifie)


@dataclass(frozen=True, slots=True)
class FauteDeTypage:
    """Une faute trouvée en typant : son code de lint, où (clés sous la condition), attendu, lu, correction."""

    code: str
    ou: tuple[str | int, ...]
    attendu: str
    lu: str
    correction: str


def lire_date(texte: str) -> date | None:
    """Lit une date AAAA-MM-JJ, et aucune autre forme ISO ; None si le texte n'en est pas une."""
    try:
        return date.fromisoformat(texte) if _JOUR.match(texte) else None
    except ValueError:
        return None


def trouver_operateur(controle: Controle) -> Operateur:
    """Rend l'opérateur d'un contrôle valide."""
    return OPERATEURS[controle.lister_operateurs()[0]]
