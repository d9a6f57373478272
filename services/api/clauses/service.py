"""Lire le clausier du paquet en service."""

from services.api.clauses.schemas import ClauseDetaillee, ClauseResumee, ListeDeClauses
from services.regles.clauses import Clause
from services.regles.fiches import Piece, Theme
from services.regles.paquet import Paquet
from services.regles.remedes import POUR_TOUS, lister_proposables


def lister_segments(paquet: Paquet) -> list[str]:
    """Rend les segments d'achat que visent les clauses, par ordre alphabétique."""
    return sorted({segment for clause in paquet.clauses.values() for segment in clause.segments})


def lister(paquet: Paquet, piece: Piece | None, theme: Theme | None, segment: str | None) -> ListeDeClauses:
    """Rend les clauses de la pièce et du thème qui conviennent au segment : les siennes et les clauses générales."""
    retenues = [
        _resumer(identifiant, clause)
        for identifiant, clause in sorted(paquet.clauses.items())
        if piece in (None, clause.piece)
        and theme in (None, clause.theme)
        and (segment is None or segment in clause.segments or POUR_TOUS in clause.segments)
    ]
    return ListeDeClauses(len(retenues), retenues)


def _resumer(identifiant: str, clause: Clause) -> ClauseResumee:
    return ClauseResumee(
        id=identifiant,
        titre=clause.titre,
        piece=clause.piece,
        theme=clause.theme,
        ou=clause.ou,
        segments=clause.segments,
        relecture_juridique=clause.relecture_juridique,
    )


def detailler(paquet: Paquet, identifiant: str) -> ClauseDetaillee | None:
    """Rend la clause et les règles qui la font proposer, ou None si le clausier ne la porte pas."""
    clause = paquet.clauses.get(identifiant)
    if clause is None:
        return None
    resume = _resumer(identifiant, clause)
    return ClauseDetaillee(
        **{nom: getattr(resume, nom) for nom in ClauseResumee.__dataclass_fields__},
        texte=clause.texte,
        trous=clause.trous,
        interet=clause.interet,
        vigilance=clause.vigilance,
        va_avec=clause.va_avec,
        exclut=clause.exclut,
        fondement=clause.fondement,
        ccag=clause.ccag,
        provenance=clause.provenance,
        verifie_le=clause.verifie_le,
        regles=[
            regle.fiche.id for regle in paquet.regles if identifiant in lister_proposables(regle.fiche, paquet.clauses)
        ],
    )
