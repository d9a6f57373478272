"""Une fiche à peine commencée : rien ne lui est reproché, et peu de questions, les plus utiles, lui sont posées.

Objet, acheteur, montant, code CPV, date : ce qu'un acheteur écrit en dix secondes. Tous les codes que connaissent les
référentiels y passent, pour les six sortes d'acheteurs et de part et d'autre des seuils.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from services.regles.demandes import DEMANDES_MAX
from services.regles.lecture_fop import lire_fop
from services.regles.rapport import Rapport
from services.regles.referentiels import EntreeCpv
from services.regles.verification import Verificateur
from tests.moteurs.atelier import charger_regles_reelles

ACHETEURS: dict[str, dict[str, str]] = {
    "agglo": {"siret": "20004048300014"},
    "departement": {"siret": "22260001700016"},
    "ville_allegee": {"siret": "21260362500014"},
    "commune": {"nom": "Commune", "type": "commune", "spaser": "aucun"},
    "etat": {"nom": "Préfecture", "type": "etat", "spaser": "aucun"},
    "etablissement": {"nom": "Hôpital", "type": "etablissement_public", "spaser": "aucun"},
}
MONTANTS = (3_000, 39_999, 90_000, 300_000, 6_000_000)
QUESTIONS_MAX = 30
"""Reports compris : au-delà, c'est le corpus qui demande trop, pas le plafond d'affichage qui doit cacher."""


def _lister_codes() -> list[str]:
    codes: set[str] = set()
    for referentiel in charger_regles_reelles().referentiels.values():
        for entree in referentiel.values():
            if isinstance(entree, EntreeCpv):
                codes.update(prefixe.ljust(8, "0") for prefixe in (*entree.cpv, *entree.exact))
    return sorted(codes)


@pytest.fixture(scope="module")
def verificateur() -> Iterator[Verificateur]:
    verificateur = Verificateur(charger_regles_reelles(), "direct")
    yield verificateur
    verificateur.fermer()


def _verifier(verificateur: Verificateur, acheteur: str, code: str, montant: int) -> Rapport:
    fop: dict[str, Any] = {
        "objet": "Achat à préparer",
        "acheteur": ACHETEURS[acheteur],
        "date_lancement": "2026-09-15",
        "cpv": code,
        "montant_ht": montant,
    }
    return verificateur.verifier(lire_fop(fop), detail="essentiel")


@pytest.mark.parametrize("acheteur", ACHETEURS)
@pytest.mark.parametrize("montant", MONTANTS)
def test_une_fiche_minimale_n_est_accusee_de_rien_et_recoit_peu_de_questions(
    acheteur: str, montant: int, verificateur: Verificateur
) -> None:
    for code in _lister_codes():
        rapport = _verifier(verificateur, acheteur, code, montant)
        reproches = {c.regle for c in rapport.constats if c.verdict in ("ecart", "alerte", "erreur")}
        assert reproches == set(), code
        assert len(rapport.a_demander) <= DEMANDES_MAX
        assert len(rapport.a_demander) + rapport.demandes_suivantes <= QUESTIONS_MAX, code
        assert rapport.clauses == []
        assert all(demande.question.endswith("?") for demande in rapport.a_demander)


def test_un_acheteur_sans_schema_n_est_interroge_sur_aucun_schema(verificateur: Verificateur) -> None:
    for code in _lister_codes():
        rapport = _verifier(verificateur, "commune", code, 90_000)
        assert all(c.verdict == "non_applicable" for c in rapport.constats if c.famille == "engagement_local"), code


def test_un_acheteur_n_est_jamais_juge_sur_le_schema_d_un_autre(verificateur: Verificateur) -> None:
    for acheteur, etranger in (("agglo", "DROME-"), ("ville_allegee", "DROME-"), ("departement", "VRA-")):
        for code in _lister_codes():
            rapport = _verifier(verificateur, acheteur, code, 90_000)
            assert all(c.verdict == "non_applicable" for c in rapport.constats if c.regle.startswith(etranger)), code
