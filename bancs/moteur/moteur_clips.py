"""clipspy : les propriétés sont un fait, chaque règle métier est une règle CLIPS qui note son code."""

import importlib
import json
from collections.abc import Sequence
from typing import Any

from bancs.moteur.decisions import Decision, Niveau, Proprietes, lister_proprietes, preparer_niveau, ranger
from services.regles.moteur.port import Donnees, Issue, Jugement, Situation, separer_par_niveau
from services.regles.moteur.termes import Atome, Dnf, Terme
from services.regles.regle import Regle


class MoteurClips:
    """Juge par CLIPS. Lève ImportError à la construction si clipspy n'est pas installé.

    La forme est la plus rapide essayée : une règle CLIPS par règle métier, la décision en conséquence, les
    codes rendus en un seul texte, qu'une réinitialisation par lot garde court. Une règle CLIPS par terme, ou
    un rappel vers Python par règle qui tire, coûtent davantage.
    """

    nom = "clips"

    def __init__(self, regles: Sequence[Regle]) -> None:
        clips = importlib.import_module("clips")
        consultation, lot = separer_par_niveau(regles)
        self._consultation = _NiveauClips(clips.Environment(), preparer_niveau(consultation))
        self._lot = _NiveauClips(clips.Environment(), preparer_niveau(lot))

    def juger(self, situation: Situation) -> Jugement:
        """Rend le jugement."""
        return Jugement(
            self._consultation.juger(situation, ({},))[0],
            self._lot.juger(situation, situation.lots),
        )

    def fermer(self) -> None:
        """Oublie les règles : clipspy rend la mémoire de ses environnements quand plus rien ne les nomme."""
        del self._consultation, self._lot


class _NiveauClips:
    def __init__(self, environnement: Any, niveau: Niveau) -> None:
        self._environnement, self._niveau = environnement, niveau
        environnement.build('(defglobal ?*codes* = "")')
        environnement.build(f"(deftemplate fop {' '.join(f'(slot {nom})' for nom in niveau.noms)})")
        for rang, decision in enumerate(niveau.decisions):
            cases = " ".join(f"({nom} ?{nom})" for nom in sorted(lister_proprietes(decision)))
            noter = f'(bind ?*codes* (str-cat ?*codes* " {rang} " {_ecrire(decision)}))'
            environnement.build(f"(defrule r{rang} (fop {cases}) => {noter})")
        self._gabarit = environnement.find_template("fop")
        self._codes = environnement.find_global("codes")

    def juger(self, situation: Situation, elements: Sequence[Donnees]) -> tuple[tuple[Issue, ...], ...]:
        return tuple(self._juger_un(proprietes) for proprietes in self._niveau.etablir(situation, elements))

    def _juger_un(self, proprietes: Proprietes) -> tuple[Issue, ...]:
        self._environnement.reset()
        self._gabarit.assert_fact(**proprietes)
        self._environnement.run()
        lus = self._codes.value.split()
        par_regle = dict(zip(lus[::2], lus[1::2], strict=True))
        issues = self._niveau.issues
        return tuple([issues[int(par_regle[str(rang)])] for rang in range(len(self._niveau.decisions))])


def _ecrire(decision: Decision) -> str:
    if isinstance(decision, int):
        return str(decision)
    alors, sinon = _ecrire(decision.alors), _ecrire(decision.sinon)
    return f"(if {_ecrire_dnf(decision.condition)} then {alors} else {sinon})"


def _ecrire_dnf(dnf: Dnf) -> str:
    termes = [_ecrire_terme(terme) for terme in dnf]
    return termes[0] if len(termes) == 1 else f"(or {' '.join(termes)})"


def _ecrire_terme(terme: Terme) -> str:
    atomes = [_ecrire_atome(atome) for atome in ranger(terme)]
    return atomes[0] if len(atomes) == 1 else f"(and {' '.join(atomes)})"


def _ecrire_atome(atome: Atome) -> str:
    constante = json.dumps(atome.constante, ensure_ascii=False)
    if atome.symbole == "==":
        return f"(eq ?{atome.propriete} {constante})"
    # Une case sans valeur vaut `nil` : différente de tout, et sans ordre.
    comparaison = "neq" if atome.symbole == "!=" else atome.symbole
    return f"(and (neq ?{atome.propriete} nil) ({comparaison} ?{atome.propriete} {constante}))"
