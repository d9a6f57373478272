"""Typer les conditions d'une fiche : chaque donnée existe, chaque opérateur convient, chaque borne se lit exactement.

Le typage relève toutes les fautes d'une fiche avant d'en rendre l'arbre ; un arbre rendu est calculable par les deux
moteurs.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from services.regles.champs import CHAMPS, Champ
from services.regles.conditions import (
    Arbre,
    Condition,
    Controle,
    FamilleCpv,
    FauteDeTypage,
    Feuille,
    Lecture,
    Noeud,
    Portee,
    PourChaque,
    PourUn,
    Quantificateur,
    RenvoiParametre,
    RenvoiReferentiel,
    Toutes,
    UneDe,
    lire_date,
    trouver_operateur,
)
from services.regles.faits import trouver_champ
from services.regles.operateurs import Operateur
from services.regles.parametres import Parametre
from services.regles.referentiels import composer_prefixes

Emplacement = tuple[str | int, ...]
LOT = "lots[]"
PREFIXE = re.compile(r"\d{2,8}\Z")
NON_VIDE = re.compile(r".+", re.DOTALL)
CODE_CPV = re.compile(r"\d{8}\Z")
MAXIMA: Mapping[str, Decimal] = {"part": Decimal(1), "pourcent": Decimal(100)}
NOMBRE_MAX = Decimal(10**12)
UNITES_COMPARABLES: Mapping[str, set[str]] = {
    "EUR_HT": {"EUR_HT", "EUR"},
    "EUR": {"EUR_HT", "EUR"},
    "part": {"part"},
    "mois": {"mois"},
    "jours": {"jours"},
    "annees": {"annees"},
}
"""Unités que FOP et paramètres partagent ; une donnée d'une autre unité (des véhicules) se compare à tout nombre."""
LISTES_D_OBJETS = frozenset(chemin.rpartition("[].")[0] for chemin in CHAMPS if "[]." in chemin)


@dataclass(slots=True)
class Contexte:
    """Ce qu'il faut savoir d'une fiche et du paquet pour typer ses conditions ; `fautes` se remplit au passage."""

    niveau_lot: bool
    alias: Mapping[str, str]
    suppositions: Mapping[str, Any]
    parametres: Mapping[str, Parametre]
    composer_famille: Callable[[str], FamilleCpv | None]
    fautes: list[FauteDeTypage] = field(default_factory=list)

    def signaler(self, code: str, ou: Emplacement, attendu: str, lu: str, correction: str) -> None:
        self.fautes.append(FauteDeTypage(code, ou, attendu, lu, correction))


def typer(condition: Condition, contexte: Contexte, ou: Emplacement) -> Arbre | None:
    """Type une condition écrite sous `ou` ; None si une faute l'empêche (elle est alors dans `contexte.fautes`)."""
    return _typer(condition, contexte, LOT if contexte.niveau_lot else None, ou)


def _typer(condition: Condition, contexte: Contexte, element: str | None, ou: Emplacement) -> Arbre | None:
    if isinstance(condition, Toutes | UneDe):
        nom = "toutes" if isinstance(condition, Toutes) else "une_de"
        ecrites = condition.toutes if isinstance(condition, Toutes) else condition.une_de
        enfants = [_typer(enfant, contexte, element, (*ou, nom, rang)) for rang, enfant in enumerate(ecrites)]
        types = tuple(enfant for enfant in enfants if enfant is not None)
        return Noeud(nom == "toutes", types) if len(types) == len(enfants) else None
    if isinstance(condition, PourUn | PourChaque):
        return _typer_quantificateur(condition, contexte, element, ou)
    return _typer_controle(condition, contexte, element, ou)


def _typer_quantificateur(
    condition: PourUn | PourChaque, contexte: Contexte, element: str | None, ou: Emplacement
) -> Arbre | None:
    tous = isinstance(condition, PourChaque)
    source = condition.pour_chaque if isinstance(condition, PourChaque) else condition.pour_un
    nom = "pour_chaque" if tous else "pour_un"
    trouve = _trouver(source, contexte, element, (*ou, nom))
    if trouve is None:
        return None
    liste, chemin = trouve
    if liste.champ.genre != "liste":
        contexte.signaler("L04", (*ou, nom), "une liste", liste.champ.genre, "nommer une liste de la FOP")
        return None
    verifie = _typer(
        condition.verifie,
        contexte,
        "lots[]" if chemin == "lots_effectifs" else f"{chemin}[]",
        (*ou, "verifie"),
    )
    return Quantificateur(liste, tous, verifie) if verifie is not None else None


def _trouver(source: str, contexte: Contexte, element: str | None, ou: Emplacement) -> tuple[Lecture, str] | None:
    """Rend la lecture d'une donnée et son chemin dans le schéma de la FOP (`lots[].criteres[].type`)."""
    if source.startswith("."):
        if element is None:
            contexte.signaler("L04", ou, "une donnée de la consultation", source, "retirer le point initial")
            return None
        cle, chemin = source[1:], f"{element}.{source[1:]}"
    else:
        cle = chemin = source
    champ = trouver_champ(chemin) if "[]" not in source else None
    if champ is None:
        contexte.signaler("L04", ou, "une donnée du schéma de la FOP", source, "voir openapi/fop.schema.json")
        return None
    portee: Portee = (
        "element" if source.startswith(".") else ("cadre" if source == "date_de_reference" else "consultation")
    )
    defaut = contexte.suppositions.get(source)
    if defaut is not None and champ.genre != "liste":
        defaut = _lire_constante(defaut, champ, contexte, ou)
    elif defaut is not None and not isinstance(defaut, list):
        contexte.signaler("L04", ou, "une liste à supposer", str(defaut), "écrire []")
    return Lecture(source, portee, cle, champ, defaut), chemin


def _typer_controle(controle: Controle, contexte: Contexte, element: str | None, ou: Emplacement) -> Arbre | None:
    operateur = trouver_operateur(controle)
    trouve = _trouver(controle.fait, contexte, element, (*ou, "fait"))
    if trouve is None:
        return None
    lecture = trouve[0]
    if lecture.champ.genre not in operateur.genres:
        contexte.signaler(
            "L04",
            (*ou, operateur.nom),
            f"un opérateur pour une donnée de genre {lecture.champ.genre}",
            operateur.nom,
            "choisir un opérateur de ce genre",
        )
        return None
    if operateur.famille == "contenance" and trouve[1] in LISTES_D_OBJETS:
        contexte.signaler("L04", (*ou, operateur.nom), "une liste de textes", "liste d'objets", "employer pour_un")
        return None
    operande = getattr(controle, operateur.nom)
    place = (*ou, operateur.nom)
    if isinstance(operande, RenvoiParametre):
        return _typer_parametre(lecture, operateur, operande.parametre, contexte, place)
    avant = len(contexte.fautes)
    famille: FamilleCpv | None = None
    constante: Any = None
    if isinstance(operande, RenvoiReferentiel):
        famille = contexte.composer_famille(operande.referentiel)
        if famille is None:
            contexte.signaler(
                "L04", place, "une famille de référentiel", operande.referentiel, "l'ajouter au référentiel"
            )
    elif operateur.attente == "prefixes":
        famille = composer_prefixes(tuple(operande))
        forme = PREFIXE if lecture.champ.genre == "cpv" else NON_VIDE
        if not operande or not all(forme.match(prefixe) for prefixe in operande):
            contexte.signaler("L04", place, "des préfixes CPV de deux à huit chiffres", str(operande), "les corriger")
    elif operateur.attente == "valeurs":
        constante = frozenset(_lire_constante(valeur, lecture.champ, contexte, place) for valeur in operande)
    elif operateur.attente == "date":
        constante = lire_date(operande)
        if constante is None:
            contexte.signaler("L04", place, "une date AAAA-MM-JJ", str(operande), "écrire l'année, le mois et le jour")
    elif operateur.attente in ("booleen", "entier"):
        constante = operande
    else:
        constante = _lire_constante(operande, lecture.champ, contexte, place)
    if len(contexte.fautes) > avant:
        return None
    return Feuille(lecture, operateur, constante, None, famille)


def _typer_parametre(
    lecture: Lecture, operateur: Operateur, alias: str, contexte: Contexte, ou: Emplacement
) -> Feuille | None:
    cle = contexte.alias.get(alias)
    if cle is None:
        contexte.signaler("L05", ou, "un alias déclaré sous `parametres`", alias, "le déclarer en tête de fiche")
        return None
    parametre = contexte.parametres.get(cle)
    if parametre is None:
        return None  # L05 est déjà dit sur la déclaration de l'alias
    unite = lecture.champ.unite
    comparables = UNITES_COMPARABLES.get(unite or "")
    if comparables is not None and parametre.unite not in comparables:
        contexte.signaler(
            "L04", ou, f"un paramètre en {unite}", f"{cle} en {parametre.unite}", "choisir un autre paramètre"
        )
        return None
    decimales, maximum = lecture.champ.decimales or 0, MAXIMA.get(unite or "", NOMBRE_MAX)
    for valeur in (ligne.valeur for ligne in parametre.valeurs if ligne.valeur is not None):
        if isinstance(valeur, bool) or not _tenir(valeur, decimales) or not 0 <= valeur <= maximum:
            attendu = f"un nombre de 0 à {maximum}, à {decimales} décimales au plus"
            contexte.signaler("L04", ou, attendu, f"{cle} = {valeur}", "corriger le paramètre")
            return None
    return Feuille(lecture, operateur, None, cle, None)


def _tenir(nombre: Decimal, decimales: int) -> bool:
    return nombre == round(nombre, decimales)


def _lire_constante(valeur: Any, champ: Champ, contexte: Contexte, ou: Emplacement) -> Any:
    """Rend la valeur dans le type de la donnée ; signale et rend None si elle n'en est pas une."""
    if champ.genre == "booleen" and isinstance(valeur, bool):
        return valeur
    if champ.genre == "nombre" and isinstance(valeur, int | Decimal) and not isinstance(valeur, bool):
        nombre = Decimal(valeur)
        maximum = MAXIMA.get(champ.unite or "", NOMBRE_MAX)
        if not 0 <= nombre <= maximum:
            contexte.signaler("L04", ou, f"un nombre de 0 à {maximum}", str(valeur), "corriger la borne")
            return None
        if _tenir(nombre, champ.decimales or 0):
            return nombre
        contexte.signaler("L04", ou, f"{champ.decimales or 0} décimales au plus", str(valeur), "arrondir la borne")
        return None
    if champ.genre in ("enumere", "liste") and champ.valeurs:
        if isinstance(valeur, str) and valeur in champ.valeurs:
            return valeur
        contexte.signaler(
            "L04", ou, f"l'une des valeurs : {', '.join(champ.valeurs)}", str(valeur), "choisir dans la liste"
        )
        return None
    if champ.genre == "cpv" and not (isinstance(valeur, str) and CODE_CPV.match(valeur)):
        contexte.signaler(
            "L04", ou, "un code CPV de huit chiffres entre guillemets", str(valeur), "écrire le code entier"
        )
        return None
    if champ.genre in ("texte", "cpv", "enumere", "liste") and isinstance(valeur, str):
        return valeur
    contexte.signaler("L04", ou, f"une valeur de genre {champ.genre}", str(valeur), "écrire une valeur de ce genre")
    return None
