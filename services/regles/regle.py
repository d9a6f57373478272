"""La règle typée : une fiche dont les conditions sont des arbres prêts à être calculés."""

from dataclasses import dataclass

from services.regles.conditions import Arbre
from services.regles.fiches import Derogation, Fiche


@dataclass(frozen=True, slots=True)
class DerogationTypee:
    """Une exception prévue par la règle, avec ses deux conditions typées."""

    fiche: Derogation
    si: Arbre
    justifie_par: Arbre


@dataclass(frozen=True, slots=True, eq=False)
class Regle:
    """Une règle du paquet.

    `groupe` désigne la liste de dates qui décide de son droit, `fenetre` sa période d'effet : deux rangs dans le
    cadrage d'une vérification, pour que ni la date ni l'acheteur ne multiplient les jeux compilés.
    """

    fiche: Fiche
    groupe: int
    fenetre: int
    applicable_si: Arbre | None
    exige: Arbre
    derogations: tuple[DerogationTypee, ...]
    alerte_si: Arbre | None

    @property
    def niveau_lot(self) -> bool:
        """Vrai si la règle rend un verdict par lot."""
        return self.fiche.niveau == "lot"

    def lister_arbres(self) -> tuple[Arbre, ...]:
        """Rend tous les arbres de la règle, dans l'ordre de lecture."""
        arbres = [self.applicable_si, self.exige]
        for derogation in self.derogations:
            arbres += [derogation.si, derogation.justifie_par]
        arbres.append(self.alerte_si)
        return tuple(arbre for arbre in arbres if arbre is not None)
