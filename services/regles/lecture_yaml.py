"""Lire un fichier YAML sans ses pièges, en gardant la ligne de chaque donnée.

YAML 1.1 lit `030` comme 24, `no` comme faux, `2026-08-21` comme une date et garde la dernière de deux clés égales.
Ici : les dates et les textes restent des textes, les nombres sont des décimaux exacts, `oui`/`non` sont des booléens,
une clé en double ou un nombre à zéro initial est une faute, dite avec sa ligne.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from services.regles.erreurs import Anomalie, ecrire_chemin, ecrire_pointeur

Cle = str | int
Emplacement = tuple[Cle, ...]

_ENTIER = re.compile(r"[-+]?(0|[1-9][0-9_]*)\Z")
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9_]*)\.[0-9]+\Z")
_ZERO_INITIAL = re.compile(r"0[0-9]+\Z")
_BOOLEENS = {"oui": True, "non": False, "true": True, "false": False}
_ABSENTS = {"", "null", "~"}
PROFONDEUR_MAX = 40
DONNEES_MAX = 200_000
"""Au-delà, ce n'est plus une fiche : des alias qui se multiplient, par exemple."""
CHIFFRES_MAX = 30
_ANALYSEUR: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
OUVERTURES_MAX = 100
"""Au-delà, composer le document ferait déborder la pile de l'analyseur en C, et tomber le processus."""
TAILLE_MAX = 1_000_000


@dataclass(slots=True)
class Document:
    """Le contenu d'un fichier YAML, et de quoi retrouver la ligne (depuis 1) de chacune de ses données.

    Les lignes ne servent qu'aux fautes, qui sont rares : elles se relèvent à la première demande.
    """

    fichier: str
    contenu: Any
    source: Path
    _lignes: dict[Emplacement, int] | None = None

    def trouver_ligne(self, emplacement: Emplacement) -> int:
        """Rend la ligne de la donnée, ou celle du plus proche parent connu (1 au pire)."""
        if self._lignes is None:
            self._lignes = _relever_lignes(self.source)
        while emplacement and emplacement not in self._lignes:
            emplacement = emplacement[:-1]
        return self._lignes.get(emplacement, 1)


class _TropDeDonnees(Exception):
    """Le document déplie plus de données qu'aucune fiche n'en porte."""


class _Lecteur:
    """Transforme les nœuds YAML en données Python, en notant les fautes, et les lignes si `lignes` est donné."""

    def __init__(self, fichier: str, lignes: dict[Emplacement, int] | None = None) -> None:
        self.fichier = fichier
        self.lignes = lignes
        self.anomalies: list[Anomalie] = []
        self.lus = 0

    def signaler(self, code: str, noeud: Any, ou: Emplacement, attendu: str, lu: str, correction: str) -> None:
        self.anomalies.append(
            Anomalie(
                code=code,
                chemin=ecrire_chemin(ou),
                pointeur=ecrire_pointeur(ou),
                attendu=attendu,
                lu=lu,
                correction=correction,
                fichier=self.fichier,
                ligne=noeud.start_mark.line + 1,
            )
        )

    def lire(self, noeud: Any, ou: Emplacement) -> Any:
        if self.lignes is not None:
            self.lignes.setdefault(ou, noeud.start_mark.line + 1)
        self.lus += 1
        if self.lus > DONNEES_MAX:
            raise _TropDeDonnees
        if len(ou) > PROFONDEUR_MAX:
            self.signaler(
                "profondeur",
                noeud,
                ou,
                f"{PROFONDEUR_MAX} niveaux au plus",
                "davantage",
                "aplatir le document",
            )
            return None
        if isinstance(noeud, yaml.ScalarNode):
            return self._lire_scalaire(noeud, ou)
        if isinstance(noeud, yaml.SequenceNode):
            return [self.lire(enfant, (*ou, rang)) for rang, enfant in enumerate(noeud.value)]
        return self._lire_objet(noeud, ou)

    def _lire_scalaire(self, noeud: Any, ou: Emplacement) -> Any:
        texte: str = noeud.value
        if noeud.style:  # entre guillemets ou en bloc : un texte, quoi qu'il contienne
            return texte
        if texte in _ABSENTS:
            return None
        if texte in _BOOLEENS:
            return _BOOLEENS[texte]
        if len(texte) > CHIFFRES_MAX and (_ENTIER.match(texte) or _DECIMAL.match(texte)):
            attendu = f"un nombre de {CHIFFRES_MAX} chiffres au plus"
            self.signaler("hors_bornes", noeud, ou, attendu, "davantage", "l'arrondir")
            return None
        if _ENTIER.match(texte):
            return int(texte.replace("_", ""))
        if _DECIMAL.match(texte):
            return Decimal(texte.replace("_", ""))
        if _ZERO_INITIAL.match(texte):
            self.signaler(
                "type_attendu",
                noeud,
                ou,
                "un texte entre guillemets",
                f"le nombre nu {texte}",
                "mettre des guillemets",
            )
        return texte

    def _lire_objet(self, noeud: Any, ou: Emplacement) -> dict[str, Any]:
        """Lit un objet : les bases fusionnées (`<<`), puis ses propres clés, qui l'emportent, lignes comprises."""
        fusionnes: dict[str, Any] = {}
        for noeud_cle, noeud_valeur in noeud.value:
            if noeud_cle.value == "<<":
                self._fusionner(noeud_valeur, ou, fusionnes)
        propres: dict[str, Any] = {}
        for noeud_cle, noeud_valeur in noeud.value:
            cle = noeud_cle.value
            if cle == "<<":
                continue
            if not isinstance(noeud_cle, yaml.ScalarNode):
                self.signaler("type_attendu", noeud_cle, ou, "un nom de clé", "liste ou objet", "écrire un nom simple")
                continue
            if cle in propres:
                self.signaler(
                    "cle_en_double", noeud_cle, (*ou, cle), "une seule fois cette clé", cle, "retirer le doublon"
                )
                continue
            ici = (*ou, cle)
            if self.lignes is not None:
                if cle in fusionnes:
                    _oublier(self.lignes, ici)
                self.lignes[ici] = noeud_cle.start_mark.line + 1
            propres[cle] = self.lire(noeud_valeur, ici)
        return {**fusionnes, **propres}

    def _fusionner(self, noeud: Any, ou: Emplacement, fusionnes: dict[str, Any]) -> None:
        for source in noeud.value if isinstance(noeud, yaml.SequenceNode) else [noeud]:
            if not isinstance(source, yaml.MappingNode):
                correction = "viser une ancre d'objet"
                self.signaler("type_attendu", noeud, ou, "un objet à fusionner", "autre chose", correction)
                return
            for nom, valeur in self._lire_objet(source, ou).items():
                fusionnes.setdefault(nom, valeur)


def _oublier(lignes: dict[Emplacement, int], ou: Emplacement) -> None:
    for emplacement in [e for e in lignes if e[: len(ou)] == ou]:
        del lignes[emplacement]


def _relever_lignes(fichier: Path) -> dict[Emplacement, int]:
    """Rend la ligne de chaque donnée d'un fichier déjà lu ; aucune s'il a disparu ou changé entre-temps."""
    lignes: dict[Emplacement, int] = {}
    try:
        racine = yaml.compose(fichier.read_bytes().decode("utf-8-sig"), Loader=_ANALYSEUR)
        _Lecteur("", lignes).lire(racine, ())
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError, _TropDeDonnees):
        return {}
    return lignes


def lire_document(fichier: Path, nom: str) -> tuple[Document | None, list[Anomalie]]:
    """Lit `fichier` (UTF-8) ; `nom` est le chemin montré dans les messages.

    Rend le document et les fautes trouvées ; document absent si le texte n'est pas du YAML. Ne lève rien.
    """
    try:
        texte = fichier.read_bytes().decode("utf-8-sig")
        if len(texte) > TAILLE_MAX:
            return None, [_illisible(nom, 1, f"{TAILLE_MAX} caractères au plus", "davantage", "couper le fichier")]
        if _etre_trop_imbrique(texte):
            return None, [_illisible(nom, 1, f"{OUVERTURES_MAX} niveaux au plus", "davantage", "aplatir le document")]
        racine = yaml.compose(texte, Loader=_ANALYSEUR)
    except UnicodeDecodeError:
        return None, [_illisible(nom, 1, "un texte UTF-8", "des octets d'un autre codage", "enregistrer en UTF-8")]
    except OSError as erreur:
        return None, [
            _illisible(nom, 1, "un fichier lisible", type(erreur).__name__, "vérifier le fichier et ses droits")
        ]
    except yaml.MarkedYAMLError as erreur:
        marque = erreur.problem_mark
        ligne = marque.line + 1 if marque is not None else 1
        return None, [
            _illisible(nom, ligne, "du YAML", "une syntaxe fautive", "corriger l'indentation ou les guillemets")
        ]
    except (yaml.YAMLError, RecursionError):
        return None, [_illisible(nom, 1, "du YAML", "un texte illisible", "réécrire le fichier")]
    if racine is None:
        return None, [_illisible(nom, 1, "un contenu", "un fichier vide", "écrire le fichier ou le retirer")]
    lecteur = _Lecteur(nom)
    try:
        contenu = lecteur.lire(racine, ())
    except _TropDeDonnees:
        return None, [_illisible(nom, 1, f"{DONNEES_MAX} données au plus", "davantage", "couper le fichier")]
    return Document(nom, contenu, fichier), lecteur.anomalies


def _illisible(nom: str, ligne: int, attendu: str, lu: str, correction: str) -> Anomalie:
    return Anomalie("yaml_illisible", "", "", attendu, lu, correction, nom, ligne)


def _etre_trop_imbrique(texte: str) -> bool:
    """Dit si le document dépasse la profondeur permise, en n'en lisant que les événements, sans récursion."""
    profondeur = 0
    for evenement in yaml.parse(texte, Loader=_ANALYSEUR):
        if isinstance(evenement, yaml.CollectionStartEvent):
            profondeur += 1
            if profondeur > OUVERTURES_MAX:
                return True
        elif isinstance(evenement, yaml.CollectionEndEvent):
            profondeur -= 1
    return False
