"""La logique à trois valeurs de Kleene : vrai, faux, inconnu.

`None` est l'inconnu : une donnée absente n'est ni vraie ni fausse. La conjonction rend le plus faux, la disjonction
le plus vrai ; renseigner une donnée inconnue ne renverse donc jamais une valeur déjà tranchée.
"""

from collections.abc import Iterable

Trivalent = bool | None


def conjuguer(valeurs: Iterable[Trivalent]) -> Trivalent:
    """Rend le plus faux des termes (vrai si vide).

    >>> conjuguer([True, None]), conjuguer([None, False]), conjuguer([])
    (None, False, True)
    """
    resultat: Trivalent = True
    for valeur in valeurs:
        if valeur is False:
            return False
        if valeur is None:
            resultat = None
    return resultat


def disjoindre(valeurs: Iterable[Trivalent]) -> Trivalent:
    """Rend le plus vrai des termes (faux si vide).

    >>> disjoindre([False, None]), disjoindre([None, True]), disjoindre([])
    (None, True, False)
    """
    resultat: Trivalent = False
    for valeur in valeurs:
        if valeur is True:
            return True
        if valeur is None:
            resultat = None
    return resultat
