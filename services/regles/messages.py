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
        return f"{valeur.normalize():,f}".replace(",", INSECABLE).replace(".", ",")
    return f"{valeur:,}".replace(",", INSECABLE) if type(valeur) is int else str(valeur)


def ecrire_liste(valeur: Any) -> str:
    """Écrit une liste en toutes lettres, séparée par des virgules."""
    if isinstance(valeur, list | tuple | set | frozenset):
        return ", ".join(ecrire_simplement(element) for element in valeur) or "aucun"
    return ecrire_simplement(valeur)


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
    "epci": "EPCI",
    "departement": "département",
    "region": "région",
    "etat": "État",
    "etablissement_public": "établissement public",
    "entite_adjudicatrice": "entité adjudicatrice",
    "vra_2023_2026": "SPASER de Valence Romans Agglo (2023-2026)",
    "vra_2023_2026_allege": "SPASER de Valence Romans Agglo, format allégé (villes)",
    "drome_2025_2028": "SPASER du Département de la Drôme (2025-2028)",
    "marche": "marché",
    "3_defense_securite": "livre 3 (défense ou sécurité)",
    "5_autres": "livre 5 (autres marchés)",
    "maitrise_oeuvre": "maîtrise d'œuvre",
    "accord_cadre_bons_de_commande": "accord-cadre à bons de commande",
    "accord_cadre_marches_subsequents": "accord-cadre à marchés subséquents",
    "accord_cadre_mixte": "accord-cadre mixte",
    "marche_subsequent": "marché subséquent",
    "marche_global": "marché global",
    "tranches": "à tranches",
    "conception_realisation": "conception-réalisation",
    "systeme_acquisition_dynamique": "système d'acquisition dynamique",
    "catalogue_electronique": "catalogue électronique",
    "enchere_electronique": "enchère électronique",
    "sans_publicite_ni_mise_en_concurrence": "sans publicité ni mise en concurrence",
    "procedure_adaptee": "procédure adaptée",
    "appel_offres_ouvert": "appel d'offres ouvert",
    "appel_offres_restreint": "appel d'offres restreint",
    "procedure_avec_negociation": "procédure avec négociation",
    "dialogue_competitif": "dialogue compétitif",
    "boamp": "BOAMP",
    "jal": "journal d'annonces légales",
    "joue": "JOUE",
    "presse_specialisee": "presse spécialisée",
    "autorisees": "autorisées",
    "exigees": "exigées",
    "penitentiaire": "pénitentiaire",
    "handicap_et_penitentiaire": "handicap et pénitentiaire",
    "ess": "économie sociale et solidaire",
    "cout_global": "coût global",
    "delai": "délai",
    "rse_general": "politique RSE générale",
    "dechets": "déchets",
    "reemploi": "réemploi",
    "recycle": "recyclé",
    "biosource": "biosourcé",
    "transport_livraison": "transport et livraison",
    "energie": "énergie",
    "biodiversite": "biodiversité",
    "zero_phyto": "zéro phyto",
    "plastique_usage_unique": "plastique à usage unique",
    "terres_excavees": "terres excavées",
    "egalite_fh": "égalité femmes-hommes",
    "vehicules": "véhicules",
    "collecte_dechets": "collecte des déchets",
    "batiments_modulaires": "bâtiments modulaires",
    "electromenager": "électroménager",
    "epi": "équipements de protection individuelle",
    "leger": "léger",
    "renovation": "rénovation",
    "renovation_lourde": "rénovation lourde",
    "demolition": "démolition",
    "amenagement": "aménagement",
    "a_gains": "à gains",
    "strategique": "stratégique",
    "recurrent": "récurrent",
    "attribue": "attribué",
    "engins_transport": "engins de transport",
    "fournitures_bureau": "fournitures de bureau",
    "consommables_impression": "consommables d'impression",
    "bocaux_flacons": "bocaux et flacons",
}
"""Les énumérés tels que les lit un acheteur : dans une pièce du marché, un rapport, le site des règles."""


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
