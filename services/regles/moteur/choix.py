"""Choisir le moteur : les deux canaux quand c'est possible, un seul sinon, et le dire."""

from collections.abc import Callable, Sequence
from typing import Literal

from services.regles.moteur.direct import MoteurDirect
from services.regles.moteur.double import MoteurDouble
from services.regles.moteur.durable import MoteurDurable, etre_disponible
from services.regles.moteur.port import Moteur
from services.regles.regle import Regle

NomMoteur = Literal["direct", "durable", "double"]


def construire_moteur(
    nom: NomMoteur, regles: Sequence[Regle], alerter: Callable[[int], None] | None = None
) -> tuple[Moteur, bool]:
    """Rend le moteur demandé, et vrai s'il est dégradé (`double` demandé, `direct` seul possible).

    Lève MoteurIndisponible si `durable` est demandé et absent, ou si une règle sort de son profil.
    """
    if nom == "direct":
        return MoteurDirect(regles), False
    if nom == "durable":
        return MoteurDurable(regles), False
    if not etre_disponible():
        return MoteurDirect(regles), True
    return MoteurDouble(MoteurDurable(regles), MoteurDirect(regles), alerter), False
