"""Les règles du produit, prêtes à être réécrites pour un autre moteur : formes disjonctives et propriétés plates.

Les autres moteurs reçoivent ce que reçoit le moteur `durable` : les mêmes termes, sur les mêmes propriétés déjà
réduites (quantificateurs, préfixes, tailles, écarts à un paramètre), établies par les mêmes fermetures.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from services.regles.moteur.port import INDETERMINE, Donnees, Environnement, Issue, Situation
from services.regles.moteur.termes import VRAI, Atome, Catalogue, Constante, Dnf, Propriete, traduire_arbre
from services.regles.regle import Regle

Proprietes = dict[str, Constante]
AUCUNE = -1
"""Rang de dérogation quand aucune n'est invoquée."""


@dataclass(frozen=True, slots=True)
class DerogationEnTermes:
    """Quand la dérogation est invoquée, motivée, non motivée ; ailleurs, on ne sait pas."""

    invoquee: Dnf
    motivee: Dnf
    non_motivee: Dnf


@dataclass(frozen=True, slots=True)
class RegleEnTermes:
    """Une règle : la propriété qui dit sa période (0 échue, 1 en vigueur, 2 inconnue), et ses formes."""

    periode: str
    applicable: Dnf
    inapplicable: Dnf
    respectee: Dnf
    violee: Dnf
    derogations: tuple[DerogationEnTermes, ...]
    attenuation: tuple[Dnf, Dnf] | None
    sans_ecart: bool

    def qualifier(self, derogation: int, attenuee: bool) -> Issue:
        """Rend l'issue de la règle violée, dérogation invoquée sans motif ou aucune."""
        return Issue("alerte" if attenuee else "ecart", derogation)


class NiveauEnTermes:
    """Les règles d'un niveau en termes, et de quoi établir leurs propriétés."""

    def __init__(self, regles: Sequence[Regle]) -> None:
        catalogues = [Catalogue() for _ in range(1 + max((r.groupe for r in regles), default=0))]
        self.regles = [_traduire(regle, catalogues[regle.groupe]) for regle in regles]
        self._calculs: list[tuple[int, list[tuple[str, Propriete]]]] = [
            (groupe, [(f"g{groupe}{nom}", calcul) for nom, calcul in catalogue.calculs.items()])
            for groupe, catalogue in enumerate(catalogues)
        ]
        self._fenetres = sorted({regle.fenetre for regle in regles})
        self.noms = [f"periode{fenetre}" for fenetre in self._fenetres]
        self.noms += [nom for _, paires in self._calculs for nom, _ in paires]

    def etablir(self, situation: Situation, element: Donnees) -> Proprietes:
        """Rend les propriétés connues d'une consultation ou d'un lot ; une propriété inconnue n'a pas de clé."""
        proprietes: Proprietes = {}
        for fenetre in self._fenetres:
            en_vigueur = situation.periodes[fenetre]
            proprietes[f"periode{fenetre}"] = 2 if en_vigueur is None else int(en_vigueur)
        for groupe, paires in self._calculs:
            environnement: Environnement = (situation.consultation, element, situation.cadres[groupe])
            for nom, calculer in paires:
                valeur = calculer(environnement)
                if valeur is not None:
                    proprietes[nom] = valeur
        return proprietes


def _traduire(regle: Regle, catalogue: Catalogue) -> RegleEnTermes:
    def traduire(arbre: Arbre) -> tuple[Dnf, Dnf]:
        vrai, faux = traduire_arbre(arbre, catalogue)
        return _prefixer(vrai, regle.groupe), _prefixer(faux, regle.groupe)

    applicable, inapplicable = traduire(regle.applicable_si) if regle.applicable_si is not None else (VRAI, [])
    respectee, violee = traduire(regle.exige)
    return RegleEnTermes(
        periode=f"periode{regle.fenetre}",
        applicable=applicable,
        inapplicable=inapplicable,
        respectee=respectee,
        violee=violee,
        derogations=tuple(
            DerogationEnTermes(traduire(d.si)[0], *traduire(d.justifie_par)) for d in regle.derogations
        ),
        attenuation=traduire(regle.alerte_si) if regle.alerte_si is not None else None,
        sans_ecart=regle.fiche.sans_ecart,
    )


def _prefixer(dnf: Dnf, groupe: int) -> Dnf:
    """Un nom de propriété vaut pour un groupe de dates : le préfixe distingue les groupes."""
    return [frozenset(Atome(f"g{groupe}{a.propriete}", a.symbole, a.constante) for a in terme) for terme in dnf]
