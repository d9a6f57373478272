"""Du constat à la clause : choisir, selon le segment d'achat, et remplir les trous avec les valeurs de la FOP."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from services.regles.clauses import ARTICLE_CCAG, TROU, Clause
from services.regles.conditions import FamilleCpv
from services.regles.faits import Faits
from services.regles.fiches import Fiche, Piece, Remede, Theme
from services.regles.messages import filtrer
from services.regles.paquet import Cadrage, Paquet
from services.regles.referentiels import EntreeCpv, composer_famille

REFERENTIEL_DES_SEGMENTS = "segments"
POUR_TOUS = "tous"
NATURES = frozenset({"travaux", "fournitures", "services"})
CLAUSES_PAR_THEME = 3
"""Ce qu'un acheteur lit : les premières du segment, dans l'ordre du clausier ; les autres se cherchent."""
PIECES_DE_MISE_EN_CONCURRENCE: frozenset[Piece] = frozenset({"RC"})
PIECES_D_UN_MARCHE_REDIGE: frozenset[Piece] = frozenset({"RC", "CCAP", "CCTP", "ACTE_ENGAGEMENT"})
"""Un bon de commande n'a ni cahier des charges ni acte d'engagement."""
PIECES_SIMPLIFIEES: frozenset[Piece] = frozenset({"LETTRE_DE_CONSULTATION"})


@dataclass(frozen=True, slots=True)
class ClauseProposee:
    """Une clause prête à coller : texte rempli, blancs restants, et ce qui l'a fait proposer."""

    id: str
    titre: str
    piece: str
    ou: str
    texte: str
    a_completer: list[str]
    interet: str
    vigilance: str
    va_avec: list[str]
    exclut: list[str]
    fondement: list[str]
    article_ccag: str | None
    regles: list[str]
    lots: list[str]
    relecture_juridique: str


class Clausier:
    """Propose les clauses d'un paquet. Immuable après construction."""

    def __init__(self, paquet: Paquet) -> None:
        self._clauses = paquet.clauses
        self._decoupes = {identifiant: TROU.split(clause.texte) for identifiant, clause in paquet.clauses.items()}
        self._par_theme: dict[Theme, list[tuple[str, Clause]]] = {}
        for identifiant, clause in paquet.clauses.items():
            self._par_theme.setdefault(clause.theme, []).append((identifiant, clause))
        for candidates in self._par_theme.values():
            # La clause écrite pour un seul segment passe avant celle qui en sert six.
            candidates.sort(key=lambda paire: len(paire[1].segments))
        referentiel = paquet.referentiels.get(REFERENTIEL_DES_SEGMENTS, {})
        self._segments: list[tuple[str, FamilleCpv]] = [
            (nom, composer_famille(referentiel, REFERENTIEL_DES_SEGMENTS, nom))
            for nom, entree in referentiel.items()
            if isinstance(entree, EntreeCpv)
        ]

    def reconnaitre_segments(self, element: dict[str, Any]) -> set[str]:
        """Rend les segments d'un lot (ou de la consultation) : sa nature, et ceux où mène son code CPV."""
        segments = {POUR_TOUS}
        if "nature" in element:
            segments.add(element["nature"])
        cpv = element.get("cpv")
        if cpv is not None:
            segments.update(nom for nom, famille in self._segments if famille.contenir(cpv))
        return segments

    def choisir(self, remede: Remede, element: dict[str, Any], *, toute_piece: bool) -> list[str]:
        """Rend les clauses que la fiche nomme, puis celles que le segment d'achat donne à ses thèmes.

        Sont écartées les clauses d'un autre segment, et les pièces d'une autre procédure. `toute_piece` : la règle
        porte sur la procédure même, garder toutes les pièces. Si rien ne convient, rien n'est rendu : l'action à mener
        reste dite, et la clause d'un autre achat tromperait.
        """
        segments = self.reconnaitre_segments(element)
        ecartees = _ecarter_pieces(element) if not toute_piece else frozenset()
        choisies = [
            i
            for i in remede.clauses
            # Sans code CPV, le segment n'est pas connu : ce que la fiche nomme reste proposé.
            if ("cpv" not in element or segments.intersection(self._clauses[i].segments))
            and self._clauses[i].piece not in ecartees
        ]
        for theme in remede.du_segment:
            choisies += self._choisir_du_segment(theme, segments, ecartees)
        return list(dict.fromkeys(choisies))

    def _choisir_du_segment(self, theme: Theme, segments: set[str], ecartees: frozenset[Piece]) -> list[str]:
        """Rend les clauses du thème les plus propres au lot : celles de son CPV, sinon de sa nature, sinon de tous."""
        candidates = [(i, c) for i, c in self._par_theme.get(theme, ()) if c.piece not in ecartees]
        for visees in (segments - NATURES - {POUR_TOUS}, segments & NATURES, {POUR_TOUS}):
            trouvees = [i for i, clause in candidates if visees.intersection(clause.segments)]
            if trouvees:
                return trouvees[:CLAUSES_PAR_THEME]
        return []

    def proposer(
        self, identifiant: str, faits: Faits, cadrage: Cadrage, rang_lot: int | None, regle: str, groupe: int
    ) -> ClauseProposee:
        """Rend la clause remplie pour la consultation (`rang_lot` absent) ou pour un lot."""
        clause = self._clauses[identifiant]
        a_completer: list[str] = []
        article_ccag = _nommer_article(clause, faits.consultation.get("ccag"))

        def remplir(nom: str) -> str:
            trou = clause.trous[nom]
            valeur: Any = None
            if nom == ARTICLE_CCAG:
                valeur = article_ccag
            elif trou.fait is not None:
                valeur = _lire_fait(trou.fait, faits, rang_lot)
            elif trou.parametre is not None:
                seuil = cadrage.valeurs[groupe].get(trou.parametre)
                valeur = seuil.valeur if seuil is not None else None
            if valeur is None:
                a_completer.append(trou.libelle)
                return f"[à compléter : {trou.libelle}]"
            return filtrer(valeur, trou.filtre)

        ecrits = list(self._decoupes[identifiant])
        ecrits[1::2] = [remplir(nom) for nom in ecrits[1::2]]
        texte = "".join(ecrits)
        numero = faits.numeros[rang_lot] if rang_lot is not None else None
        return ClauseProposee(
            id=identifiant,
            titre=clause.titre,
            piece=clause.piece,
            ou=clause.ou,
            texte=texte,
            a_completer=a_completer,
            interet=clause.interet,
            vigilance=clause.vigilance,
            va_avec=list(clause.va_avec),
            exclut=list(clause.exclut),
            fondement=list(clause.fondement),
            article_ccag=article_ccag,
            regles=[regle],
            lots=[numero] if numero is not None else [],
            relecture_juridique=clause.relecture_juridique,
        )


def _ecarter_pieces(element: dict[str, Any]) -> frozenset[Piece]:
    """Rend les pièces que la procédure du lot ne comporte pas ; aucune si elle n'est pas connue."""
    if element.get("procedure") == "bon_de_commande":
        return PIECES_D_UN_MARCHE_REDIGE
    sans_concurrence = element.get("est_sans_concurrence")
    if sans_concurrence is None:
        return frozenset()
    return PIECES_DE_MISE_EN_CONCURRENCE if sans_concurrence else PIECES_SIMPLIFIEES


def _lire_fait(chemin: str, faits: Faits, rang_lot: int | None) -> Any:
    """Lit une donnée pour une clause ; `lot.x` et `.x` lisent le lot, à défaut la consultation."""
    if chemin.startswith(("lot.", ".")):
        cle = chemin.partition(".")[2]
        if rang_lot is not None and cle in faits.lots[rang_lot]:
            return faits.lots[rang_lot][cle]
        if cle == "numero":
            return faits.numeros[rang_lot] if rang_lot is not None else None
        return faits.consultation.get(cle)
    return faits.consultation.get(chemin)


def lister_proposables(fiche: Fiche, clauses: Mapping[str, Clause]) -> list[str]:
    """Rend les clauses qu'une règle peut proposer : celles qu'elle nomme, puis celles de ses thèmes."""
    nommees = [*fiche.remede.clauses, *(clause for derogation in fiche.derogations for clause in derogation.clauses)]
    des_themes = [i for theme in fiche.remede.du_segment for i, clause in clauses.items() if clause.theme == theme]
    return list(dict.fromkeys([*nommees, *des_themes]))


def _nommer_article(clause: Clause, ccag: str | None) -> str | None:
    """Rend l'article du CCAG choisi ; aucun si la consultation n'en vise pas."""
    if ccag is None or ccag == "aucun":
        return None
    article = next((article for nom, article in clause.ccag.items() if nom == ccag), None)
    return f"article {article} du CCAG {ccag.upper()}" if article is not None else None


def reunir(propositions: Iterable[ClauseProposee]) -> list[ClauseProposee]:
    """Réunit les clauses de même texte : une seule proposition, avec toutes ses règles et tous ses lots."""
    reunies: dict[tuple[str, str], ClauseProposee] = {}
    for proposition in propositions:
        cle = (proposition.id, proposition.texte)
        deja = reunies.get(cle)
        if deja is None:
            reunies[cle] = proposition
            continue
        deja.regles.extend(r for r in proposition.regles if r not in deja.regles)
        deja.lots.extend(lot for lot in proposition.lots if lot not in deja.lots)
    return list(reunies.values())
