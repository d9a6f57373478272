"""Les phrases du rapport : des gabarits à variables permises et à filtres fermés, jamais une expression évaluée."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

VARIABLE = re.compile(r"\{\{\s*(?P<nom>[^{}|]+?)\s*(?:\|\s*(?P<filtre>[a-z_]+)\s*)?\}\}")
ABSENT = "non renseigné"
_MOIS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)
INSECABLE = "\u00a0"


def ecrire_euros(valeur: Any) -> str:
    """Écrit un montant : `59 999,99 €`, `40 000 €` (espaces insécables)."""
    montant = Decimal(valeur)
    entier, _, centimes = f"{montant:,.2f}".partition(".")
    entier = entier.replace(",", INSECABLE)
    return f"{entier}{INSECABLE}€" if centimes == "00" else f"{entier},{centimes}{INSECABLE}€"


def ecrire_pourcent(valeur: Any) -> str:
    """Écrit une part comprise entre 0 et 1 : `20 %`, `12,5 %`."""
    texte = f"{(Decimal(valeur) * 100).normalize():f}".replace(".", ",")
    return f"{texte}{INSECABLE}%"


def ecrire_date(valeur: Any) -> str:
    """Écrit une date : `21 août 2026`, `1er avril 2026`."""
    if not isinstance(valeur, date):
        return str(valeur)
    jour = "1er" if valeur.day == 1 else str(valeur.day)
    return f"{jour} {_MOIS[valeur.month - 1]} {valeur.year}"


def ecrire_nombre(valeur: Any) -> str:
    """Écrit un nombre, ou la taille d'une liste."""
    if isinstance(valeur, list | tuple):
        return str(len(valeur))
    if isinstance(valeur, Decimal):
        return f"{valeur.normalize():f}".replace(".", ",")
    return str(valeur)


def ecrire_liste(valeur: Any) -> str:
    """Écrit une liste en toutes lettres, séparée par des virgules."""
    if isinstance(valeur, list | tuple | set | frozenset):
        return ", ".join(str(element) for element in valeur) or "aucun"
    return str(valeur)


LIBELLES: Mapping[str, str] = {
    "pilotage_impossible": "l'acheteur ne peut assurer lui-même l'organisation, le pilotage et la coordination",
    "concurrence_technique_cout": "l'allotissement restreindrait la concurrence, ou rendrait l'exécution "
    "techniquement difficile ou financièrement plus coûteuse",
    "risque_infructueux": "l'allotissement ferait courir le risque d'une procédure infructueuse",
    "prestations_non_distinctes": "l'objet ne permet pas d'identifier des prestations distinctes",
    "solution_immediatement_disponible": "le besoin peut être satisfait par une solution immédiatement disponible",
    "lien_insuffisant": "la considération sociale n'a pas de lien suffisant avec l'objet du marché",
    "restriction_concurrence_ou_difficulte": "elle restreindrait la concurrence, ou rendrait l'exécution techniquement "
    "ou économiquement difficile",
    "travaux_courte_duree": "le marché de travaux est de courte durée",
}
"""Les énumérés qui finissent dans une pièce du marché ou sous les yeux d'un élu."""


def ecrire_simplement(valeur: Any) -> str:
    """Écrit une valeur sans filtre : booléens en oui/non, énumérés en toutes lettres."""
    if isinstance(valeur, bool):
        return "oui" if valeur else "non"
    if isinstance(valeur, date):
        return ecrire_date(valeur)
    if isinstance(valeur, Decimal):
        return ecrire_nombre(valeur)
    if isinstance(valeur, list | tuple | set | frozenset):
        return ecrire_liste(valeur)
    texte = str(valeur)
    if texte in LIBELLES:
        return LIBELLES[texte]
    return texte.replace("_", " ") if re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)+", texte) else texte


FILTRES: Mapping[str, Callable[[Any], str]] = {
    "euros": ecrire_euros,
    "pourcent": ecrire_pourcent,
    "date": ecrire_date,
    "nombre": ecrire_nombre,
    "liste": ecrire_liste,
}


def filtrer(valeur: Any, filtre: str | None) -> str:
    """Écrit une valeur par un filtre ; simplement, si le filtre ne convient pas : une phrase ne fait rien tomber."""
    try:
        return FILTRES.get(filtre or "", ecrire_simplement)(valeur)
    except (ArithmeticError, TypeError, ValueError):
        return ecrire_simplement(valeur)


def composer(gabarit: str, trouver: Callable[[str], Any]) -> str:
    """Remplit un gabarit ; `trouver` rend la valeur d'une variable ou None si elle manque."""

    morceaux = _decouper(gabarit)
    ecrits = list(morceaux[::3])
    for rang, (nom, filtre) in enumerate(zip(morceaux[1::3], morceaux[2::3], strict=True)):
        valeur = trouver(nom)
        ecrits[rang] += ABSENT if valeur is None else filtrer(valeur, filtre)
    return "".join(ecrits)


@lru_cache(maxsize=4096)
def _decouper(gabarit: str) -> tuple[str, ...]:
    """Rend le gabarit découpé : texte, variable, filtre, texte…."""
    return tuple(VARIABLE.split(gabarit.strip()))


def lister_variables(gabarit: str) -> list[tuple[str, str | None]]:
    """Rend les variables d'un gabarit et leur filtre, dans l'ordre."""
    return [(trouve["nom"], trouve["filtre"]) for trouve in VARIABLE.finditer(gabarit)]
