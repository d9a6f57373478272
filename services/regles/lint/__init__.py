"""Les règles sur les règles : ce qu'une fiche, un paramètre ou une clause doit respecter avant d'être publié."""

from pathlib import Path

from services.regles.erreurs import Anomalie, PaquetInvalide
from services.regles.lint.cas import controler_cas
from services.regles.lint.clauses import controler_clauses
from services.regles.lint.engagements import controler_engagements
from services.regles.lint.fiches import controler_fiches
from services.regles.lint.parametres import controler_parametres
from services.regles.paquet import charger_paquet, lire_sources


def controler_dossier(dossier: Path) -> list[Anomalie]:
    """Contrôle un dossier de règles et rend toutes ses fautes (L01 à L18) ; ne lève rien.

    Un dossier qui ne se charge pas rend ses fautes de chargement (dont L02, L04, L05, L06) : les contrôles suivants
    n'auraient pas de sens sur un paquet à moitié lu.
    """
    try:
        paquet = charger_paquet(dossier)
    except PaquetInvalide as erreur:
        return list(erreur.anomalies)
    sources = lire_sources(dossier)
    return [
        *controler_fiches(sources, paquet),
        *controler_clauses(sources),
        *controler_parametres(sources, paquet),
        *controler_engagements(sources, paquet),
        *controler_cas(sources, paquet),
    ]
