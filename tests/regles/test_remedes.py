"""Du constat à la clause : la bonne pièce, le bon segment, les trous remplis ou avoués."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from services.regles.clauses import Clause
from services.regles.faits import etablir_faits, trouver_champ
from services.regles.fiches import Remede, Theme
from services.regles.fop import Fop
from services.regles.paquet import charger_paquet
from services.regles.rapport import Rapport
from services.regles.remedes import CLAUSES_PAR_THEME, POUR_TOUS, ClauseProposee, Clausier, reunir
from services.regles.verification import Verificateur
from tests.moteurs.atelier import charger_regles_reelles, lire_essai
from tests.regles.dossier_minimal import copier, ecrire

NBSP = "\u00a0"


def _fop(**donnees: Any) -> Fop:
    return lire_essai(**{"date_lancement": "2026-09-15", "nature": "travaux", "montant_ht": 60000, **donnees})


def _proposer(verificateur: Verificateur, identifiant: str, **donnees: Any) -> ClauseProposee:
    rapport = verificateur.verifier(_fop(**donnees))
    return next(clause for clause in rapport.clauses if clause.id == identifiant)


# -------------------------------------------------------------------------------------------------- les trous


def test_un_trou_se_remplit_de_la_fop_ou_du_parametre_a_sa_date(minimal: Verificateur) -> None:
    clause = _proposer(minimal, "RC-ESSAI-01", montant_ht="60000.50")
    assert clause.texte == (
        f"Le montant estimé est de 60{NBSP}000,50{NBSP}€, sous le seuil de 60{NBSP}000{NBSP}€ ; "
        "contact : [à compléter : service à contacter]."
    )
    assert clause.a_completer == ["service à contacter"]
    avant = _proposer(minimal, "RC-ESSAI-01", date_lancement="2026-03-31")
    assert f"seuil de 40{NBSP}000{NBSP}€" in avant.texte


def test_un_trou_sans_valeur_se_dit_a_completer(tmp_path: Path) -> None:
    contenu = copier()
    contenu["clauses/rc.yaml"]["RC-ESSAI-01"]["trous"]["contact"] = {"libelle": "durée", "fait": "duree_mois"}
    verificateur = Verificateur(charger_paquet(ecrire(tmp_path, contenu)), "direct")
    clause = _proposer(verificateur, "RC-ESSAI-01")
    assert clause.a_completer == ["durée"]
    assert "[à compléter : durée]" in clause.texte
    clause = _proposer(verificateur, "RC-ESSAI-01", duree_mois="18.5")
    assert clause.a_completer == []
    assert clause.texte.endswith("contact : 18,5.")


def test_un_trou_de_lot_se_remplit_du_lot_concerne(minimal: Verificateur) -> None:
    lots = [{"numero": "A", "objet": "Bureaux"}, {"numero": "B"}]
    rapport = minimal.verifier(_fop(date_lancement="2026-03-02", cpv="39130000", clauses_env=[], lots=lots))
    textes = {tuple(c.lots): c.texte for c in rapport.clauses if c.id == "CCAP-ESSAI-01"}
    assert textes[("A",)] == "Pour le lot A (Bureaux), trier en [à compléter : nombre de flux] flux."
    assert textes[("B",)].startswith("Pour le lot B (Essai)")


def test_sans_lot_le_numero_reste_a_completer_et_l_objet_est_celui_de_la_consultation(minimal: Verificateur) -> None:
    clause = _proposer(minimal, "CCAP-ESSAI-01", date_lancement="2026-03-02", cpv="39130000", clauses_env=[])
    assert clause.texte.startswith("Pour le lot [à compléter : numéro du lot] (Essai)")
    assert clause.lots == []


def test_un_texte_de_la_fop_n_est_pas_relu_comme_un_trou(minimal: Verificateur) -> None:
    lots = [{"numero": "1", "objet": "{{ flux }} et {{ lot }}"}]
    clause = _proposer(minimal, "CCAP-ESSAI-01", date_lancement="2026-03-02", cpv="39130000", clauses_env=[], lots=lots)
    assert "({{ flux }} et {{ lot }})" in clause.texte


@pytest.mark.parametrize(
    ("texte", "trous"),
    [
        ("Sans trou.", {"a": {"libelle": "x"}}),
        ("Un {{ trou }}.", {}),
        ("Un {{ trou }}.", {"trou": {"libelle": "x"}, "autre": {"libelle": "y"}}),
        ("Un {{ trou }}.", {"trou": {"libelle": ""}}),
        ("Un {{ trou }}.", {"trou": {"libelle": "x", "filtre": "francs"}}),
    ],
)
def test_une_clause_dont_les_trous_ne_concordent_pas_est_refusee(texte: str, trous: dict[str, Any]) -> None:
    clause = copier()["clauses/rc.yaml"]["CCAP-ESSAI-01"]
    with pytest.raises(ValidationError):
        Clause.model_validate({**clause, "texte": texte, "trous": trous})


# ----------------------------------------------------------------------------------------------- les segments


@pytest.fixture
def clausier(minimal: Verificateur) -> Clausier:
    return Clausier(minimal.paquet)


@pytest.mark.parametrize(
    ("element", "segments"),
    [
        ({}, {POUR_TOUS}),
        ({"nature": "travaux"}, {POUR_TOUS, "travaux"}),
        ({"cpv": "45233140"}, {POUR_TOUS, "voirie"}),
        ({"nature": "travaux", "cpv": "45233140"}, {POUR_TOUS, "travaux", "voirie"}),
        ({"cpv": "39130000"}, {POUR_TOUS}),
    ],
)
def test_les_segments_viennent_de_la_nature_et_du_cpv(
    element: dict[str, Any], segments: set[str], clausier: Clausier
) -> None:
    assert clausier.reconnaitre_segments(element) == segments


def _remede(*clauses: str, du_segment: Sequence[Theme] = ()) -> Remede:
    return Remede(action="Faire.", ou=["RC"], clauses=list(clauses), du_segment=list(du_segment))


def test_une_clause_d_un_autre_segment_est_ecartee(clausier: Clausier) -> None:
    demandees = ["RC-ESSAI-01", "RC-ESSAI-TRAVAUX-01"]
    assert clausier.choisir(_remede(*demandees), {"cpv": "39130000"}, toute_piece=False) == ["RC-ESSAI-01"]
    assert clausier.choisir(_remede(*demandees), {"cpv": "45233140"}, toute_piece=False) == demandees


def test_faute_de_clause_du_segment_aucune_n_est_proposee(clausier: Clausier) -> None:
    assert clausier.choisir(_remede("RC-ESSAI-TRAVAUX-01"), {"cpv": "39130000"}, toute_piece=False) == []


def test_sans_code_cpv_la_clause_nommee_reste_proposee(clausier: Clausier) -> None:
    assert clausier.choisir(_remede("RC-ESSAI-TRAVAUX-01"), {}, toute_piece=False) == ["RC-ESSAI-TRAVAUX-01"]


def test_un_bon_de_commande_n_a_ni_cahier_des_charges_ni_reglement(clausier: Clausier) -> None:
    element = {"procedure": "bon_de_commande", "est_sans_concurrence": True}
    assert clausier.choisir(_remede("RC-ESSAI-01", "CCAP-ESSAI-01"), element, toute_piece=False) == []


def test_sans_mise_en_concurrence_le_reglement_de_consultation_est_ecarte(clausier: Clausier) -> None:
    demandees = ["RC-ESSAI-01", "CCAP-ESSAI-01"]
    remede = _remede(*demandees)
    assert clausier.choisir(remede, {"est_sans_concurrence": True}, toute_piece=False) == ["CCAP-ESSAI-01"]
    assert clausier.choisir(remede, {"est_sans_concurrence": False}, toute_piece=False) == demandees
    assert clausier.choisir(remede, {"est_sans_concurrence": True}, toute_piece=True) == demandees
    assert clausier.choisir(remede, {}, toute_piece=False) == demandees


def _preparer_clausier(tmp_path: Path, segments: Mapping[str, list[str]]) -> Clausier:
    """Rend un clausier de conditions environnementales, chacune pour ses segments."""
    contenu = copier()
    modele = contenu["clauses/rc.yaml"]["CCAP-ESSAI-01"]
    for identifiant, vises in segments.items():
        contenu["clauses/rc.yaml"][identifiant] = {**modele, "theme": "specification_environnementale"}
        contenu["clauses/rc.yaml"][identifiant]["segments"] = vises
    return Clausier(charger_paquet(ecrire(tmp_path, contenu)))


@pytest.mark.parametrize(
    ("element", "clause"),
    [
        ({"cpv": "45233140", "nature": "travaux"}, "CCTP-VOIRIE-01"),
        ({"cpv": "45210000", "nature": "travaux"}, "CCTP-TRAVAUX-01"),
        ({"cpv": "39130000", "nature": "fournitures"}, "CCTP-TOUS-01"),
        ({}, "CCTP-TOUS-01"),
    ],
)
def test_le_theme_propose_la_clause_la_plus_propre_au_segment(
    element: dict[str, Any], clause: str, tmp_path: Path
) -> None:
    clausier = _preparer_clausier(
        tmp_path, {"CCTP-TOUS-01": ["tous"], "CCTP-TRAVAUX-01": ["travaux"], "CCTP-VOIRIE-01": ["voirie"]}
    )
    remede = _remede(du_segment=["specification_environnementale"])
    assert clausier.choisir(remede, element, toute_piece=False) == [clause]


def test_un_theme_ne_propose_que_les_premieres_clauses_du_segment(tmp_path: Path) -> None:
    noms = [f"CCTP-VOIRIE-{rang:02d}" for rang in range(1, CLAUSES_PAR_THEME + 3)]
    clausier = _preparer_clausier(tmp_path, {nom: ["voirie"] for nom in noms})
    remede = _remede(du_segment=["specification_environnementale"])
    assert clausier.choisir(remede, {"cpv": "45233140"}, toute_piece=False) == noms[:CLAUSES_PAR_THEME]


def test_une_clause_nommee_et_choisie_par_son_theme_ne_vient_qu_une_fois(tmp_path: Path) -> None:
    clausier = _preparer_clausier(tmp_path, {"CCTP-VOIRIE-01": ["voirie"]})
    remede = _remede("CCTP-VOIRIE-01", du_segment=["specification_environnementale"])
    assert clausier.choisir(remede, {"cpv": "45233140"}, toute_piece=False) == ["CCTP-VOIRIE-01"]


# ------------------------------------------------------------------------------------------ l'article du CCAG


@pytest.mark.parametrize(
    ("ccag", "article"),
    [
        ("travaux", "article 20.2 du CCAG TRAVAUX"),
        ("fcs", "article 16.2 du CCAG FCS"),
        ("moe", None),
        ("aucun", None),
        (None, None),
    ],
)
def test_l_article_du_ccag_est_celui_du_ccag_choisi(
    ccag: str | None, article: str | None, minimal: Verificateur
) -> None:
    assert _proposer(minimal, "RC-ESSAI-01", ccag=ccag).article_ccag == article


def test_le_trou_article_ccag_se_remplit_de_l_article_du_ccag(tmp_path: Path) -> None:
    contenu = copier()
    clause = contenu["clauses/rc.yaml"]["RC-ESSAI-01"]
    clause.update(texte="Voir l'{{ article_ccag }}.", trous={"article_ccag": {"libelle": "article du CCAG"}})
    verificateur = Verificateur(charger_paquet(ecrire(tmp_path, contenu)), "direct")
    assert _proposer(verificateur, "RC-ESSAI-01", ccag="fcs").texte == "Voir l'article 16.2 du CCAG FCS."
    assert _proposer(verificateur, "RC-ESSAI-01", ccag="moe").texte == "Voir l'[à compléter : article du CCAG]."


# ----------------------------------------------------------------------------------------------- dédoublonner


def _clause(**changements: Any) -> ClauseProposee:
    valeurs: dict[str, Any] = {
        "id": "RC-01",
        "titre": "t",
        "piece": "RC",
        "ou": "o",
        "texte": "texte",
        "a_completer": [],
        "interet": "i",
        "vigilance": "v",
        "va_avec": [],
        "exclut": [],
        "fondement": [],
        "article_ccag": None,
        "regles": ["A"],
        "lots": ["1"],
        "relecture_juridique": "a_faire",
    }
    return ClauseProposee(**{**valeurs, **changements})


def test_la_meme_clause_pour_plusieurs_regles_et_lots_ne_fait_qu_une_proposition() -> None:
    (reunie,) = reunir(
        [
            _clause(regles=["A"], lots=["1"]),
            _clause(regles=["B"], lots=["1"]),
            _clause(regles=["A"], lots=["2"]),
            _clause(regles=["B"], lots=[]),
        ]
    )
    assert (reunie.regles, reunie.lots) == (["A", "B"], ["1", "2"])


def test_la_meme_clause_remplie_autrement_reste_distincte() -> None:
    assert [c.texte for c in reunir([_clause(texte="a"), _clause(texte="b"), _clause(texte="a")])] == ["a", "b"]


def test_reunir_garde_l_ordre_des_constats() -> None:
    propositions = [_clause(id=i) for i in ("Z", "A", "M", "A")]
    assert [c.id for c in reunir(propositions)] == ["Z", "A", "M"]


def _lister_clauses(rapport: Rapport) -> list[tuple[str, str]]:
    return [(clause.id, clause.texte) for clause in rapport.clauses]


def test_aucune_clause_n_est_proposee_deux_fois_avec_le_meme_texte(verificateur: Verificateur) -> None:
    lots = [{"numero": rang, "cpv": "39130000"} for rang in range(1, 6)]
    rapport = verificateur.verifier(
        lire_essai(
            acheteur={"siret": "20004048300014"},
            date_lancement="2026-09-15",
            procedure="procedure_adaptee",
            criteres=[{"type": "prix", "poids": 100}],
            clauses_env=[],
            clauses_soc=[],
            lots=lots,
        )
    )
    clauses = _lister_clauses(rapport)
    assert clauses and len(set(clauses)) == len(clauses)
    critere = next(c for c in rapport.clauses if c.id == "RC-CRITERE-ENV-MOBILIER-01")
    assert critere.lots == ["1", "2", "3", "4", "5"]
    assert "CCP-ENV-CRITERE" in critere.regles


def test_une_clause_n_est_proposee_que_pour_un_ecart_une_alerte_ou_une_derogation(verificateur: Verificateur) -> None:
    rapport = verificateur.verifier(lire_essai(acheteur={"siret": "20004048300014"}, date_lancement="2026-09-15"))
    ouverts = {c.regle for c in rapport.constats if c.verdict in ("ecart", "alerte", "derogation")}
    assert {regle for clause in rapport.clauses for regle in clause.regles} <= ouverts


# ------------------------------------------------------------------------------------------ le clausier livré


def test_chaque_trou_livre_lit_une_donnee_ou_un_parametre_qui_existe() -> None:
    paquet = charger_regles_reelles()
    for identifiant, clause in paquet.clauses.items():
        for nom, trou in clause.trous.items():
            if trou.fait is not None:
                du_lot = trou.fait.startswith(("lot.", "."))
                chemin = f"lots[].{trou.fait.partition('.')[2]}" if du_lot else trou.fait
                assert trouver_champ(chemin) is not None, (identifiant, nom, trou.fait)
            if trou.parametre is not None:
                assert trou.parametre in paquet.parametres, (identifiant, nom)


def test_chaque_clause_livree_renvoie_a_des_clauses_qui_existent() -> None:
    clauses = charger_regles_reelles().clauses
    for identifiant, clause in clauses.items():
        assert set(clause.va_avec) | set(clause.exclut) <= set(clauses), identifiant
        assert identifiant not in (*clause.va_avec, *clause.exclut)


def test_chaque_segment_livre_est_une_nature_ou_une_famille_du_referentiel() -> None:
    paquet = charger_regles_reelles()
    connus = {POUR_TOUS, "travaux", "fournitures", "services", *paquet.referentiels["segments"]}
    for identifiant, clause in paquet.clauses.items():
        assert set(clause.segments) <= connus, identifiant


def test_au_moins_cent_trente_clauses_sont_livrees_et_toutes_peuvent_etre_proposees() -> None:
    paquet = charger_regles_reelles()
    remedes = [r.fiche.remede for r in paquet.regles]
    proposables = {i for remede in remedes for i in remede.clauses}
    proposables |= {i for r in paquet.regles for d in r.fiche.derogations for i in d.clauses}
    themes = {theme for remede in remedes for theme in remede.du_segment}
    proposables |= {i for i, clause in paquet.clauses.items() if clause.theme in themes}
    proposables |= {i for clause in paquet.clauses.values() for i in clause.va_avec}
    assert len(paquet.clauses) >= 130
    assert set(paquet.clauses) == proposables


def test_chaque_theme_demande_a_une_clause_pour_tout_achat() -> None:
    paquet = charger_regles_reelles()
    themes = {theme for r in paquet.regles for theme in r.fiche.remede.du_segment}
    generaux = {clause.theme for clause in paquet.clauses.values() if POUR_TOUS in clause.segments}
    assert themes <= generaux


def test_chaque_trou_de_parametre_livre_se_remplit_a_une_date_ou_il_vaut() -> None:
    paquet = charger_regles_reelles()
    clausier = Clausier(paquet)
    jour = date(2026, 9, 15)
    faits = etablir_faits(lire_essai(date_lancement=jour), paquet.acheteurs)
    cadrage = paquet.cadrer(faits)
    for identifiant, clause in paquet.clauses.items():
        proposee = clausier.proposer(identifiant, faits, cadrage, None, "ESSAI", 0)
        for trou in clause.trous.values():
            if trou.parametre is not None and paquet.parametres[trou.parametre].valoir(jour) is not None:
                assert trou.libelle not in proposee.a_completer, (identifiant, trou.parametre)


def test_un_trou_se_remplit_d_un_parametre_qu_aucune_regle_ne_lit(tmp_path: Path) -> None:
    contenu = copier()
    parametres = contenu["parametres/essai.yaml"]
    parametres["essai.plafond"] = parametres["essai.seuil"]
    contenu["clauses/rc.yaml"]["RC-ESSAI-01"]["trous"]["seuil"]["parametre"] = "essai.plafond"
    verificateur = Verificateur(charger_paquet(ecrire(tmp_path, contenu)), "direct")
    assert _proposer(verificateur, "RC-ESSAI-01").a_completer == ["service à contacter"]
