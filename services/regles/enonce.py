"""Énoncer une condition en français simple, pour qui lit la règle sans lire son YAML."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from services.regles.champs import Champ
from services.regles.conditions import Arbre, Feuille, Noeud, Quantificateur
from services.regles.messages import ecrire_euros, ecrire_nombre, ecrire_pourcent, ecrire_simplement
from services.regles.parametres import Parametre, Unite


@dataclass(frozen=True, slots=True)
class Enonce:
    """Une phrase et celles qu'elle réunit ; `parametre` est la clé du paramètre daté qui lui sert de borne."""

    texte: str
    parametre: str | None = None
    enfants: tuple["Enonce", ...] = ()


def enoncer(arbre: Arbre, parametres: Mapping[str, Parametre]) -> Enonce:
    """Rend l'énoncé d'une condition ; `parametres` donne leur libellé aux bornes datées."""
    if isinstance(arbre, Noeud):
        titre = "Toutes ces conditions à la fois :" if arbre.toutes else "L'une au moins de ces conditions :"
        return Enonce(titre, enfants=tuple(enoncer(enfant, parametres) for enfant in arbre.enfants))
    if isinstance(arbre, Quantificateur):
        liste = nommer(arbre.liste.champ)
        titre = f"{liste} : chaque élément vérifie" if arbre.tous else f"{liste} : un élément au moins vérifie"
        return Enonce(titre, enfants=(enoncer(arbre.verifie, parametres),))
    return _enoncer_feuille(arbre, parametres)


def nommer(champ: Champ) -> str:
    """Rend le nom d'une donnée : sa description, sans point final."""
    return champ.description.rstrip(".")


def ecrire_valeur(valeur: Any, unite: str | None) -> str:
    """Écrit une valeur avec son unité : `40 000 €`, `20 %`, `48 mois`."""
    if isinstance(valeur, bool) or not isinstance(valeur, int | Decimal):
        return ecrire_simplement(valeur)
    nombre = Decimal(valeur)
    if unite in ("EUR_HT", "EUR"):
        return f"{ecrire_euros(nombre)}{' HT' if unite == 'EUR_HT' else ''}"
    if unite == "part":
        return ecrire_pourcent(nombre)
    suffixe = UNITES.get(unite or "", "")
    return f"{ecrire_nombre(nombre)}{suffixe}"


UNITES: Mapping[Unite | str, str] = {
    "mois": " mois",
    "jours": " jours",
    "annees": " ans",
    "multiple": " fois",
    "m2": " m²",
    "habitants": " habitants",
    "heures": " heures",
    "pourcent": " %",
    "vehicules": " véhicules",
    "ans": " ans",
}


def _enoncer_feuille(feuille: Feuille, parametres: Mapping[str, Parametre]) -> Enonce:
    sujet = nommer(feuille.lecture.champ)
    borne = _ecrire_borne(feuille, parametres)
    tournure = TOURNURES[feuille.operateur.nom](borne)
    suffixe = ""
    if feuille.lecture.defaut is not None:
        suffixe = f" (faute de réponse : {ecrire_simplement(feuille.lecture.defaut)})"
    return Enonce(f"{sujet} : {tournure}{suffixe}", feuille.parametre)


def _ecrire_borne(feuille: Feuille, parametres: Mapping[str, Parametre]) -> str:
    if feuille.parametre is not None:
        return f"« {parametres[feuille.parametre].libelle} »"
    if feuille.famille is not None:
        return f"« {feuille.famille.libelle} »"
    unite = feuille.lecture.champ.unite
    if isinstance(feuille.constante, frozenset):
        valeurs = sorted(ecrire_valeur(valeur, unite) for valeur in feuille.constante)
        return _enumerer(valeurs)
    if feuille.operateur.famille == "taille":
        return str(feuille.constante)
    return ecrire_valeur(feuille.constante, unite)


def _enumerer(valeurs: list[str]) -> str:
    return valeurs[0] if len(valeurs) == 1 else f"{', '.join(valeurs[:-1])} ou {valeurs[-1]}"


TOURNURES: Mapping[str, Callable[[str], str]] = {
    "egal": lambda borne: borne,
    "different": lambda borne: f"autre que {borne}",
    "parmi": lambda borne: borne,
    "hors": lambda borne: f"autre que {borne}",
    "au_moins": lambda borne: f"au moins {borne}",
    "plus_de": lambda borne: f"plus de {borne}",
    "au_plus": lambda borne: f"au plus {borne}",
    "moins_de": lambda borne: f"moins de {borne}",
    "a_partir_du": lambda borne: f"à partir du {borne}",
    "avant": lambda borne: f"avant le {borne}",
    "commence_par": lambda borne: f"relève de {borne}",
    "ne_commence_par": lambda borne: f"ne relève pas de {borne}",
    "contient": lambda borne: f"comprend {borne}",
    "renseigne": lambda borne: "renseigné" if borne == "oui" else "non renseigné",
    "nombre_egal": lambda borne: f"exactement {borne}",
    "nombre_au_moins": lambda borne: f"au moins {borne}",
    "nombre_au_plus": lambda borne: f"au plus {borne}",
}
