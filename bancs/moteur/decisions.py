"""Les règles du produit, prêtes à être réécrites pour un autre moteur.

Les autres moteurs reçoivent ce que reçoit le moteur `durable` : les mêmes formes disjonctives, sur les mêmes
propriétés plates (quantificateurs, préfixes, tailles et écarts à un paramètre déjà réduits), établies par les
mêmes fermetures. Chaque règle devient un arbre de choix dont les feuilles sont des codes d'issue : les autres
moteurs ont le droit de s'arrêter à la première réponse.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from services.regles.conditions import Arbre
from services.regles.moteur.port import (
    CONFORME,
    HORS_PERIODE,
    INDETERMINE,
    NON_APPLICABLE,
    Donnees,
    Environnement,
    Issue,
    Situation,
)
from services.regles.moteur.termes import (
    VRAI,
    Atome,
    Catalogue,
    Constante,
    Dnf,
    Propriete,
    Terme,
    traduire_arbre,
)
from services.regles.regle import Regle

Proprietes = dict[str, Constante]
Calculs = list[list[tuple[str, Propriete]]]
"""Par groupe de dates, les propriétés et leur calcul."""


class Choix(NamedTuple):
    """Si la condition est vraie, une décision ; sinon (fausse ou inconnue), l'autre."""

    condition: Dnf
    alors: "Decision"
    sinon: "Decision"


Decision = int | Choix
"""Le code d'une issue (son rang dans `Niveau.issues`), ou un choix."""


@dataclass(slots=True)
class Niveau:
    """Les règles d'un niveau (consultation ou lot) : une décision chacune, et leurs propriétés."""

    decisions: list[Decision]
    issues: list[Issue]
    noms: list[str]
    _fenetres: list[int]
    _communes: Calculs
    _locales: Calculs

    def etablir(self, situation: Situation, elements: Sequence[Donnees]) -> list[Proprietes]:
        """Rend les propriétés connues de chaque élément : la consultation, ou chacun de ses lots.

        Ce qui vaut pour tous les lots n'est calculé qu'une fois, comme dans le moteur `durable`.
        """
        communes: Proprietes = {}
        for fenetre in self._fenetres:
            en_vigueur = situation.periodes[fenetre]
            communes[f"periode{fenetre}"] = 2 if en_vigueur is None else int(en_vigueur)
        _completer(communes, self._communes, situation, {})
        toutes: list[Proprietes] = []
        for element in elements:
            proprietes = communes.copy()
            _completer(proprietes, self._locales, situation, element)
            toutes.append(proprietes)
        return toutes


def _completer(proprietes: Proprietes, calculs: Calculs, situation: Situation, element: Donnees) -> None:
    for groupe, paires in enumerate(calculs):
        environnement: Environnement = (situation.consultation, element, situation.cadres[groupe])
        for nom, calculer in paires:
            valeur = calculer(environnement)
            if valeur is not None:
                proprietes[nom] = valeur


def preparer_niveau(regles: Sequence[Regle]) -> Niveau:
    """Traduit les règles d'un niveau.

    Lève MoteurIndisponible si une règle est trop combinatoire, comme le moteur `durable`.
    """
    catalogues = [Catalogue() for _ in range(1 + max((r.groupe for r in regles), default=0))]
    issues = [INDETERMINE, HORS_PERIODE, NON_APPLICABLE, CONFORME]
    decisions = [_decider(regle, catalogues[regle.groupe], issues) for regle in regles]
    communes = [_prefixer_calculs(groupe, c.communes) for groupe, c in enumerate(catalogues)]
    locales = [_prefixer_calculs(groupe, c.locales) for groupe, c in enumerate(catalogues)]
    fenetres = sorted({regle.fenetre for regle in regles})
    noms = [f"periode{fenetre}" for fenetre in fenetres]
    noms += [nom for paires in (*communes, *locales) for nom, _ in paires]
    return Niveau(decisions, issues, noms, fenetres, communes, locales)


def _prefixer_calculs(groupe: int, calculs: Mapping[str, Propriete]) -> list[tuple[str, Propriete]]:
    return [(f"g{groupe}{nom}", calcul) for nom, calcul in calculs.items()]


def lister_proprietes(decision: Decision) -> set[str]:
    """Rend les propriétés que lit une décision."""
    if isinstance(decision, int):
        return set()
    lues = {atome.propriete for terme in decision.condition for atome in terme}
    return lues | lister_proprietes(decision.alors) | lister_proprietes(decision.sinon)


def ranger(terme: Terme) -> list[Atome]:
    """Rend les atomes d'un terme dans un ordre fixe."""
    return sorted(terme, key=lambda a: (a.propriete, a.symbole, str(a.constante)))


def _decider(regle: Regle, catalogue: Catalogue, issues: list[Issue]) -> Decision:
    def traduire(arbre: Arbre) -> tuple[Dnf, Dnf]:
        vrai, faux = traduire_arbre(arbre, catalogue)
        return _prefixer(vrai, regle.groupe), _prefixer(faux, regle.groupe)

    def coder(issue: Issue) -> int:
        if issue not in issues:
            issues.append(issue)
        return issues.index(issue)

    applicable, inapplicable = traduire(regle.applicable_si) if regle.applicable_si is not None else (VRAI, [])
    respectee, violee = traduire(regle.exige)
    attenuee, entiere = traduire(regle.alerte_si) if regle.alerte_si is not None else ([], VRAI)
    if regle.fiche.sans_ecart:
        attenuee, entiere = VRAI, []
    en_suspens = coder(INDETERMINE)

    def conclure(derogation: int) -> Decision:
        alerte, ecart = coder(Issue("alerte", derogation)), coder(Issue("ecart", derogation))
        return _choisir(attenuee, alerte, _choisir(entiere, ecart, en_suspens))

    decision = conclure(-1)
    for rang, derogation in reversed(list(enumerate(regle.derogations))):
        invoquee, _ = traduire(derogation.si)
        motivee, non_motivee = traduire(derogation.justifie_par)
        admise = coder(Issue("derogation", rang))
        examen = _choisir(motivee, admise, _choisir(non_motivee, conclure(rang), en_suspens))
        decision = _choisir(invoquee, examen, decision)
    decision = _choisir(respectee, coder(CONFORME), _choisir(violee, decision, en_suspens))
    periode = f"periode{regle.fenetre}"
    decision = _choisir(_etre(periode, 1), _choisir(applicable, decision, en_suspens), en_suspens)
    decision = _choisir(inapplicable, coder(NON_APPLICABLE), decision)
    return _choisir(_etre(periode, 0), coder(HORS_PERIODE), decision)


def _etre(propriete: str, constante: int) -> Dnf:
    return [frozenset({Atome(propriete, "==", constante)})]


def _choisir(condition: Dnf, alors: Decision, sinon: Decision) -> Decision:
    if condition == VRAI:
        return alors
    return Choix(condition, alors, sinon) if condition else sinon


def _prefixer(dnf: Dnf, groupe: int) -> Dnf:
    """Un nom de propriété vaut pour un groupe de dates : le préfixe distingue les groupes."""
    return [frozenset(Atome(f"g{groupe}{a.propriete}", a.symbole, a.constante) for a in terme) for terme in dnf]
