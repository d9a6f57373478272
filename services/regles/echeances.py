"""Ce qui va changer : seuils et taux, règles qui commencent ou finissent, schémas qui expirent."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from services.regles.enonce import ecrire_valeur
from services.regles.paquet import Paquet
from services.regles.parametres import Parametre

Genre = Literal["parametre", "regle", "mention"]


@dataclass(frozen=True, slots=True)
class Echeance:
    """Un changement annoncé, et le premier jour où il vaut.

    `connue` : faux si la valeur qui vaudra ce jour-là n'est pas encore connue de l'outil.
    """

    jour: date
    genre: Genre
    objet: str
    texte: str
    connue: bool


def lister_echeances(paquet: Paquet, depuis: date, jusqu_a: date | None = None) -> list[Echeance]:
    """Rend les changements d'après `depuis` (exclu), jusqu'à `jusqu_a` (compris), le plus proche d'abord."""
    toutes = [*_lister_parametres(paquet), *_lister_regles(paquet)]
    retenues = {e for e in toutes if e.jour > depuis and (jusqu_a is None or e.jour <= jusqu_a)}
    return sorted(retenues, key=lambda e: (e.jour, e.genre, e.objet, e.texte))


def _lister_parametres(paquet: Paquet) -> Iterator[Echeance]:
    for cle, parametre in paquet.parametres.items():
        for rang, ligne in enumerate(parametre.valeurs):
            precedente = parametre.valeurs[rang - 1].valeur if rang else None
            connue = ligne.valeur is not None
            avant = f" (jusque-là : {_ecrire(parametre, precedente)})" if rang else ""
            yield Echeance(
                ligne.depuis,
                "parametre",
                cle,
                f"{parametre.libelle} : {_ecrire(parametre, ligne.valeur)}{avant}",
                connue,
            )
            if ligne.jusqu_au is not None:
                texte = f"{parametre.libelle} : plus de valeur connue après le {ligne.jusqu_au:%d/%m/%Y}"
                yield Echeance(ligne.jusqu_au + timedelta(days=1), "parametre", cle, texte, connue=False)


def _ecrire(parametre: Parametre, valeur: object) -> str:
    return "inconnu" if valeur is None else ecrire_valeur(valeur, parametre.unite)


def _lister_regles(paquet: Paquet) -> Iterator[Echeance]:
    for regle in paquet.regles:
        fiche = regle.fiche
        yield Echeance(fiche.effet.du, "regle", fiche.id, f"entre en vigueur : {fiche.titre}", connue=True)
        if fiche.effet.au is not None and fiche.effet.au < date.max:
            suite = " (texte échu, suite inconnue)" if fiche.effet.apres_terme == "signaler" else ""
            lendemain = fiche.effet.au + timedelta(days=1)
            yield Echeance(lendemain, "regle", fiche.id, f"n'est plus en vigueur : {fiche.titre}{suite}", connue=True)
        for mention in fiche.mentions:
            yield Echeance(mention.depuis, "mention", fiche.id, mention.texte, connue=True)
