"""zen-engine, sous deux formes : une seule expression compilée par niveau, ou un graphe de décision."""

import importlib
import json
from collections.abc import Sequence
from typing import Any

from bancs.moteur.decisions import Decision, Niveau, preparer_niveau, ranger
from services.regles.moteur.port import Donnees, Issue, Jugement, Situation, separer_par_niveau
from services.regles.moteur.termes import Atome, Dnf
from services.regles.regle import Regle


class MoteurZen:
    """Juge par zen-engine. Lève ImportError à la construction s'il n'est pas installé."""

    def __init__(self, regles: Sequence[Regle], *, en_graphe: bool) -> None:
        """`en_graphe` : un nœud d'expressions par niveau, forme ordinaire de ses fichiers de décision.

        Sinon, toutes les décisions d'un niveau sont une seule expression, la forme la plus rapide essayée :
        une expression par règle coûte dix fois plus, chaque appel recopiant toutes les propriétés.
        """
        self.nom = "zen graphe" if en_graphe else "zen formule"
        zen = importlib.import_module("zen")
        composer = _NiveauEnGraphe if en_graphe else _NiveauEnExpression
        consultation, lot = separer_par_niveau(regles)
        self._consultation = composer(zen, preparer_niveau(consultation))
        self._lot = composer(zen, preparer_niveau(lot))

    def juger(self, situation: Situation) -> Jugement:
        """Rend le jugement."""
        return Jugement(
            self._consultation.juger(situation, ({},))[0],
            self._lot.juger(situation, situation.lots),
        )

    def fermer(self) -> None:
        """Rien à libérer."""


class _NiveauEnExpression:
    def __init__(self, zen: Any, niveau: Niveau) -> None:
        self._niveau = niveau
        self._expression = zen.compile_expression(f"[{', '.join(map(_ecrire, niveau.decisions))}]")

    def juger(self, situation: Situation, elements: Sequence[Donnees]) -> tuple[tuple[Issue, ...], ...]:
        evaluer, issues = self._expression.evaluate, self._niveau.issues
        return tuple(
            tuple([issues[int(code)] for code in evaluer(proprietes)])
            for proprietes in self._niveau.etablir(situation, elements)
        )


class _NiveauEnGraphe:
    def __init__(self, zen: Any, niveau: Niveau) -> None:
        self._niveau = niveau
        self._cles = [f"r{rang}" for rang in range(len(niveau.decisions))]
        expressions = [
            {"id": cle, "key": cle, "value": _ecrire(decision)}
            for cle, decision in zip(self._cles, niveau.decisions, strict=True)
        ]
        graphe = {
            "contentType": "application/vnd.gorules.decision",
            "nodes": [
                {"id": "entree", "type": "inputNode", "name": "entree"},
                {
                    "id": "regles",
                    "type": "expressionNode",
                    "name": "regles",
                    "content": {"expressions": expressions},
                },
                {"id": "sortie", "type": "outputNode", "name": "sortie"},
            ],
            "edges": [
                {"id": "e1", "sourceId": "entree", "targetId": "regles", "type": "edge"},
                {"id": "e2", "sourceId": "regles", "targetId": "sortie", "type": "edge"},
            ],
        }
        self._decision = zen.ZenEngine().create_decision(json.dumps(graphe))

    def juger(self, situation: Situation, elements: Sequence[Donnees]) -> tuple[tuple[Issue, ...], ...]:
        issues = self._niveau.issues
        jugements = []
        for proprietes in self._niveau.etablir(situation, elements):
            codes = self._decision.evaluate(proprietes)["result"]
            jugements.append(tuple([issues[int(codes[cle])] for cle in self._cles]))
        return tuple(jugements)


def _ecrire(decision: Decision) -> str:
    if isinstance(decision, int):
        return str(decision)
    return f"({_ecrire_dnf(decision.condition)} ? {_ecrire(decision.alors)} : {_ecrire(decision.sinon)})"


def _ecrire_dnf(dnf: Dnf) -> str:
    termes = (" and ".join(map(_ecrire_atome, ranger(terme))) for terme in dnf)
    return f"({' or '.join(f'({terme})' for terme in termes)})"


def _ecrire_atome(atome: Atome) -> str:
    ecrit = f"{atome.propriete} {atome.symbole} {json.dumps(atome.constante, ensure_ascii=False)}"
    # Une propriété absente est nulle : `!=` serait vrai, et un ordre serait une erreur.
    return ecrit if atome.symbole == "==" else f"{atome.propriete} != null and {ecrit}"
