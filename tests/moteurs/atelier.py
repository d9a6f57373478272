"""De quoi fabriquer, sans fichier, des règles typées et des situations à juger."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from services.regles.conditions import Arbre, Condition
from services.regles.faits import Faits
from services.regles.fiches import Derogation, Fiche
from services.regles.fop import Fop
from services.regles.lecture_fop import lire_fop
from services.regles.moteur.direct import MoteurDirect
from services.regles.moteur.durable import MoteurDurable
from services.regles.moteur.port import Jugement, Situation
from services.regles.paquet import Paquet, charger_paquet
from services.regles.parametres import Parametre
from services.regles.referentiels import EntreeCpv, composer_famille
from services.regles.regle import DerogationTypee, Regle
from services.regles.trivalent import Trivalent
from services.regles.typage import Contexte, typer

RACINE = Path(__file__).resolve().parents[2]
REGLES = RACINE / "regles"

_CONDITION: TypeAdapter[Any] = TypeAdapter(Condition)

FICHE: Mapping[str, Any] = {
    "format": 1,
    "id": "ESSAI-A",
    "version": 1,
    "titre": "Règle d'essai",
    "question_metier": "La règle d'essai est-elle suivie ?",
    "corpus": "ccp",
    "axe": "procedure",
    "nature": "obligation",
    "niveau": "consultation",
    "statut": "active",
    "relecture_juridique": "a_faire",
    "responsable": "cellule d'essai",
    "couverture": "complete",
    "confiance": "haute",
    "effet": {"du": "2020-01-01"},
    "references": [
        {
            "texte": "Texte d'essai",
            "article": "1",
            "role": "fondement",
            "url": "https://exemple.test/",
            "provenance": "S",
            "confiance": "haute",
        }
    ],
    "verifie_le": "2026-11-21",
    "exige": {"fait": "innovant", "egal": True},
    "gravite": "majeur",
    "messages": {"ecart": "Écart.", "indetermine": "Inconnu."},
    "remede": {"action": "Agir.", "ou": ["FOP"]},
    "cas": [{"nom": "essai", "fop": {}, "attendu": {"verdict": "ecart"}}],
}

MOBILIER = EntreeCpv(libelle="Mobilier", cpv=["391"], sauf=["39137"], origine="essai", provenance="C")


@cache
def charger_regles_reelles() -> Paquet:
    """Rend le paquet livré, chargé une fois pour toute la suite."""
    return charger_paquet(REGLES)


def fabriquer_fiche(**changements: Any) -> Fiche:
    """Rend une fiche d'essai dont on change quelques clés."""
    return Fiche.model_validate({**FICHE, **changements})


def fabriquer_contexte(
    *,
    lot: bool = False,
    alias: Mapping[str, str] | None = None,
    suppositions: Mapping[str, Any] | None = None,
    parametres: Mapping[str, Parametre] | None = None,
) -> Contexte:
    """Rend un contexte de typage qui connaît une seule famille : `familles_agec.mobilier`."""

    def trouver(renvoi: str) -> Any:
        if renvoi != "familles_agec.mobilier":
            return None
        return composer_famille({"mobilier": MOBILIER}, "familles_agec", "mobilier")

    return Contexte(lot, alias or {}, suppositions or {}, parametres or {}, trouver)


def typer_condition(ecrite: Mapping[str, Any], contexte: Contexte | None = None) -> Arbre:
    """Rend l'arbre d'une condition sans faute."""
    ici = contexte if contexte is not None else fabriquer_contexte()
    arbre = typer(_CONDITION.validate_python(ecrite), ici, ())
    assert arbre is not None, ici.fautes
    return arbre


def relever_fautes(ecrite: Mapping[str, Any], contexte: Contexte | None = None) -> list[str]:
    """Rend les codes des fautes de typage d'une condition."""
    ici = contexte if contexte is not None else fabriquer_contexte()
    typer(_CONDITION.validate_python(ecrite), ici, ())
    return [faute.code for faute in ici.fautes]


def fabriquer_regle(
    exige: Mapping[str, Any],
    *,
    applicable_si: Mapping[str, Any] | None = None,
    alerte_si: Mapping[str, Any] | None = None,
    derogations: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]] = (),
    contexte: Contexte | None = None,
    groupe: int = 0,
    fenetre: int = 0,
    **fiche: Any,
) -> Regle:
    """Rend une règle typée ; chaque dérogation est une paire (si, justifie_par)."""
    lot = fiche.get("niveau") == "lot"
    ici = contexte if contexte is not None else fabriquer_contexte(lot=lot)
    typees: list[DerogationTypee] = []
    for rang, (si, justifie_par) in enumerate(derogations, start=1):
        ecrite = Derogation.model_validate(
            {"id": f"D{rang}", "titre": f"Exception {rang}", "reference": "R1", "si": si, "justifie_par": justifie_par}
        )
        typees.append(DerogationTypee(ecrite, typer_condition(si, ici), typer_condition(justifie_par, ici)))
    return Regle(
        fiche=fabriquer_fiche(**fiche),
        groupe=groupe,
        fenetre=fenetre,
        applicable_si=typer_condition(applicable_si, ici) if applicable_si is not None else None,
        exige=typer_condition(exige, ici),
        derogations=tuple(typees),
        alerte_si=typer_condition(alerte_si, ici) if alerte_si is not None else None,
    )


def situer(
    consultation: Mapping[str, Any] | None = None,
    *,
    lots: Sequence[Mapping[str, Any]] = ({},),
    cadre: Mapping[str, Any] | None = None,
    periode: Trivalent = True,
) -> Situation:
    """Rend une situation à un seul groupe de dates et une seule période."""
    return Situation(dict(consultation or {}), [dict(lot) for lot in lots], (dict(cadre or {}),), (periode,))


def juger_des_deux(regles: Sequence[Regle], situations: Sequence[Situation]) -> list[tuple[Jugement, Jugement]]:
    """Rend, pour chaque situation, le jugement direct et le jugement durable."""
    direct, durable = MoteurDirect(regles), MoteurDurable(regles)
    try:
        return [(direct.juger(situation), durable.juger(situation)) for situation in situations]
    finally:
        durable.fermer()


def porter_sur(
    consultation: Mapping[str, Any] | None = None,
    lots: Sequence[Mapping[str, Any]] = ({},),
    numeros: Sequence[str | None] = (None,),
) -> Faits:
    """Rend des faits écrits à la main, sans provenance."""
    tous = tuple(dict(lot) for lot in lots)
    return Faits(
        {**(consultation or {}), "lots_effectifs": list(tous)}, tous, tuple(numeros), {}, tuple({} for _ in tous), ()
    )


def lire_essai(**donnees: Any) -> Fop:
    """Rend une FOP d'essai ; `objet` et `acheteur` sont ajoutés s'ils manquent."""
    return lire_fop({"objet": "Essai", "acheteur": {"nom": "Acheteur d'essai"}, **donnees})
