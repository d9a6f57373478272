"""Le sens des règles, en douze lignes : une phrase de test par ligne de format-des-regles § 2.2."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from services.regles.lint import controler_dossier
from services.regles.moteur.direct import MoteurDirect
from services.regles.moteur.port import Jugement, Situation
from services.regles.paquet import charger_paquet
from services.regles.rapport import Constat, Rapport
from services.regles.redaction import MESSAGES_GENERIQUES
from services.regles.verification import Verificateur
from tests.moteurs.atelier import charger_regles_reelles, lire_essai
from tests.regles.dossier_minimal import Contenu, copier, ecrire

NBSP = "\u00a0"
_TRAVAUX: dict[str, Any] = {"date_lancement": "2026-09-15", "nature": "travaux", "montant_ht": 30000}


def _trouver(rapport: Rapport, regle: str = "CCP-ESSAI", lot: str | None = None) -> Constat:
    return next(c for c in rapport.constats if c.regle == regle and (lot is None or c.lot == lot))


@pytest.fixture
def batir(tmp_path: Path) -> Callable[[Callable[[Contenu], Any]], Verificateur]:
    """Bâtit un vérificateur sur le dossier minimal changé."""

    def batir_avec(changer: Callable[[Contenu], Any]) -> Verificateur:
        contenu = copier()
        changer(contenu)
        return Verificateur(charger_paquet(ecrire(tmp_path, contenu)), "direct")

    return batir_avec


Batisseur = Callable[[Callable[[Contenu], Any]], Verificateur]

# ---------------------------------------------------------------------------------------------------- ligne 1


@pytest.mark.parametrize("absent", [None, "", "   ", "néant", "Néant", "à définir"])
def test_ligne_1_null_vide_espaces_et_neant_sont_absents(absent: str | None, minimal: Verificateur) -> None:
    constat = _trouver(minimal.verifier(lire_essai(**{**_TRAVAUX, "montant_ht": absent})))
    assert (constat.verdict, constat.a_demander) == ("indetermine", ["montant_ht"])
    sans_motif = {**_TRAVAUX, "montant_ht": 60000, "allotissement": {"motif": "pilotage_impossible"}}
    sans_motif["allotissement"]["motivation"] = absent
    assert _trouver(minimal.verifier(lire_essai(**sans_motif))).verdict == "ecart"


def test_ligne_1_une_liste_vide_est_renseignee_et_null_ne_l_est_pas(minimal: Verificateur) -> None:
    base = {"date_lancement": "2026-03-02", "cpv": "39130000"}
    assert _trouver(minimal.verifier(lire_essai(**base, clauses_env=[])), "VRA-ESSAI").verdict == "ecart"
    assert _trouver(minimal.verifier(lire_essai(**base, clauses_env=None)), "VRA-ESSAI").verdict == "indetermine"


# ---------------------------------------------------------------------------------------------------- ligne 2


def test_ligne_2_un_controle_est_inconnu_si_sa_donnee_ou_son_parametre_manque(
    minimal: Verificateur, batir: Batisseur
) -> None:
    assert _trouver(minimal.verifier(lire_essai(**{**_TRAVAUX, "montant_ht": None}))).verdict == "indetermine"
    inconnu = batir(lambda c: c["parametres/essai.yaml"]["essai.seuil"]["valeurs"][1].update(valeur="a_renseigner"))
    assert _trouver(inconnu.verifier(lire_essai(**_TRAVAUX))).verdict == "indetermine"


def test_ligne_2_renseigne_n_est_jamais_inconnu(batir: Batisseur) -> None:
    verificateur = batir(
        lambda c: (
            c["ccp/ccp-essai.yaml"].update(exige={"fait": "montant_max_ht", "renseigne": True}, parametres={})
            or c["ccp/ccp-essai.yaml"]["messages"].update(ecart="Non.")
        )
    )
    assert _trouver(verificateur.verifier(lire_essai(**_TRAVAUX))).verdict == "ecart"
    assert _trouver(verificateur.verifier(lire_essai(**_TRAVAUX, montant_max_ht=1))).verdict == "conforme"


# ---------------------------------------------------------------------------------------------------- ligne 3


@pytest.mark.parametrize(
    ("noeud", "innovant", "pse", "verdict"),
    [
        ("toutes", True, None, "indetermine"),
        ("toutes", False, None, "ecart"),
        ("toutes", None, False, "ecart"),
        ("toutes", True, True, "conforme"),
        ("une_de", True, None, "conforme"),
        ("une_de", None, True, "conforme"),
        ("une_de", False, None, "indetermine"),
        ("une_de", False, False, "ecart"),
    ],
)
def test_ligne_3_toutes_prend_le_plus_faux_et_une_de_le_plus_vrai(
    noeud: str, innovant: bool | None, pse: bool | None, verdict: str, batir: Batisseur
) -> None:
    exige = {noeud: [{"fait": "innovant", "egal": True}, {"fait": "pse", "egal": True}]}
    verificateur = batir(lambda c: c["ccp/ccp-essai.yaml"].update(exige=exige))
    assert _trouver(verificateur.verifier(lire_essai(**_TRAVAUX, innovant=innovant, pse=pse))).verdict == verdict


@pytest.mark.parametrize(
    ("mot", "criteres", "verdict"),
    [
        ("pour_un", [], "ecart"),
        ("pour_chaque", [], "conforme"),
        ("pour_un", None, "indetermine"),
        ("pour_chaque", None, "indetermine"),
        ("pour_un", [{"nom": "Qualité"}, {"type": "prix"}], "conforme"),
        ("pour_chaque", [{"nom": "Qualité"}, {"type": "delai"}], "ecart"),
        ("pour_chaque", [{"nom": "Qualité"}, {"type": "prix"}], "indetermine"),
    ],
)
def test_ligne_3_les_listes_suivent_kleene(
    mot: str, criteres: list[Any] | None, verdict: str, batir: Batisseur
) -> None:
    exige = {mot: "criteres", "verifie": {"fait": ".type", "egal": "prix"}}
    verificateur = batir(lambda c: c["ccp/ccp-essai.yaml"].update(exige=exige))
    constat = _trouver(verificateur.verifier(lire_essai(**_TRAVAUX, criteres=criteres)))
    assert constat.verdict == verdict
    if verdict == "indetermine":
        assert constat.a_demander == (["criteres"] if criteres is None else ["criteres[1].type"])


# ---------------------------------------------------------------------------------------------------- ligne 4


@pytest.mark.parametrize(
    ("changements", "verdict"),
    [
        ({"date_lancement": "2024-12-31", "nature": "services", "montant_ht": 60000}, "hors_periode"),
        ({"nature": "services", "montant_ht": 60000}, "non_applicable"),
        ({"date_lancement": None, "nature": "services"}, "non_applicable"),
        ({}, "conforme"),
        (
            {"montant_ht": 60000, "allotissement": {"motif": "pilotage_impossible", "motivation": "Un site."}},
            "derogation",
        ),
        ({"montant_ht": 30000, "allotissement": {"motif": "pilotage_impossible"}}, "conforme"),
        ({"montant_ht": 60000}, "ecart"),
    ],
)
def test_ligne_4_periode_puis_applicabilite_puis_exigence_puis_derogation(
    changements: dict[str, Any], verdict: str, minimal: Verificateur
) -> None:
    assert _trouver(minimal.verifier(lire_essai(**{**_TRAVAUX, **changements}))).verdict == verdict


def test_ligne_4_apres_le_terme_signaler_ajoute_une_notice_et_taire_se_tait(
    minimal: Verificateur, batir: Batisseur
) -> None:
    echue = lire_essai(date_lancement="2027-01-01", cpv="39130000", acheteur={"nom": "A", "spaser": "vra_2023_2026"})
    rapport = minimal.verifier(echue)
    autre = lire_essai(date_lancement="2027-01-01", cpv="39130000", acheteur={"nom": "A", "spaser": "drome_2025_2028"})
    assert minimal.verifier(autre).notices == []
    assert _trouver(rapport, "VRA-ESSAI").verdict == "hors_periode"
    assert [n.texte for n in rapport.notices if n.code == "schema_echu"] == [
        "SPASER d'essai : schéma échu le 31 décembre 2026, renouvellement inconnu de l'outil."
    ]
    muet = batir(lambda c: c["spaser-vra/vra-essai.yaml"]["effet"].update(apres_terme="taire"))
    assert muet.verifier(echue).notices == []


# ---------------------------------------------------------------------------------------------------- ligne 5


@pytest.mark.parametrize(
    ("changements", "a_demander"),
    [
        ({"montant_ht": None}, ["montant_ht"]),
        ({"nature": None}, ["nature"]),
        ({"nature": None, "montant_ht": None}, ["nature"]),
        ({"date_lancement": None}, ["date_lancement", "montant_ht"]),
        ({"date_lancement": None, "nature": None}, ["date_lancement", "nature"]),
        ({"montant_ht": 60000, "nature": None}, ["nature"]),
    ],
)
def test_ligne_5_on_ne_demande_que_ce_qui_peut_encore_changer_le_verdict(
    changements: dict[str, Any], a_demander: list[str], minimal: Verificateur
) -> None:
    constat = _trouver(minimal.verifier(lire_essai(**{**_TRAVAUX, **changements})))
    if changements == {"date_lancement": None}:
        # Le montant est là : sans date, seul le seuil est inconnu, et c'est la date qu'il faut.
        a_demander = ["date_lancement"]
    assert (constat.verdict, constat.a_demander) == ("indetermine", a_demander)


def test_ligne_5_une_donnee_deja_sans_effet_n_est_pas_demandee(verificateur: Verificateur) -> None:
    """Le cas « part de réemploi déjà insuffisante » : la part de recyclé n'y change plus rien."""
    fop = lire_essai(
        acheteur={"siret": "20004048300014"},
        date_lancement="2025-03-01",
        lots=[
            {"numero": 1, "cpv": "39130000", "agec": [{"famille": "mobilier", "part_reemploi": "0.05"}]},
            {"numero": 2, "cpv": "39130000", "agec": [{"famille": "mobilier", "part_reemploi": "0.30"}]},
        ],
    )
    rapport = verificateur.verifier(fop)
    assert _trouver(rapport, "AGEC-58-MOBILIER", "1").verdict == "alerte"
    second = _trouver(rapport, "AGEC-58-MOBILIER", "2")
    assert (second.verdict, second.a_demander) == ("indetermine", ["lots[2].agec[1].part_recycle"])


def test_ligne_5_chaque_donnee_demandee_a_sa_question(verificateur: Verificateur) -> None:
    rapport = verificateur.verifier(lire_essai(acheteur={"siret": "20004048300014"}, date_lancement="2026-09-15"))
    assert rapport.a_demander
    assert all(demande.question.strip().endswith("?") for demande in rapport.a_demander)


# ---------------------------------------------------------------------------------------------------- ligne 6


def test_ligne_6_une_supposition_tranche_et_se_voit(minimal: Verificateur) -> None:
    fop = lire_essai(date_lancement="2026-03-02", clauses_soc=[])
    rapport = minimal.verifier(fop)
    constat = _trouver(rapport, "PNAD-ESSAI")
    assert constat.verdict == "alerte"
    assert constat.trace is not None
    provenances = {t.chemin: t.provenance for t in constat.trace}
    assert provenances["objet_insertion"] == "suppose"
    assert [(s.chemin, s.valeur, s.regles) for s in rapport.suppositions] == [
        ("objet_insertion", False, ["PNAD-ESSAI"])
    ]


def test_ligne_6_une_reponse_l_emporte_sur_la_supposition(minimal: Verificateur) -> None:
    rapport = minimal.verifier(lire_essai(date_lancement="2026-03-02", clauses_soc=[], objet_insertion=True))
    assert _trouver(rapport, "PNAD-ESSAI").verdict == "conforme"
    assert rapport.suppositions == []


# ---------------------------------------------------------------------------------------------------- ligne 7


def test_ligne_7_un_parametre_sans_valeur_rend_indetermine_avec_son_nom(batir: Batisseur) -> None:
    verificateur = batir(
        lambda c: c["parametres/essai.yaml"]["essai.seuil"]["valeurs"][1].update(valeur="a_renseigner")
    )
    for montant in (0, 1, 39999, 10**9):
        constat = _trouver(verificateur.verifier(lire_essai(**{**_TRAVAUX, "montant_ht": montant})))
        assert (constat.verdict, constat.parametres_absents, constat.a_demander) == ("indetermine", ["essai.seuil"], [])
        assert "Seuil d'essai" in constat.message
    avant = _trouver(verificateur.verifier(lire_essai(**{**_TRAVAUX, "date_lancement": "2026-03-31"})))
    assert avant.verdict == "conforme"


def test_ligne_7_une_valeur_de_confiance_moyenne_tranche_et_se_dit(batir: Batisseur) -> None:
    verificateur = batir(lambda c: c["parametres/essai.yaml"]["essai.seuil"]["valeurs"][1].update(confiance="moyenne"))
    constat = _trouver(verificateur.verifier(lire_essai(**_TRAVAUX)))
    assert constat.verdict == "conforme"
    assert any("confiance moyenne" in mention for mention in constat.mentions)


def test_ligne_7_une_valeur_contestee_tranche_et_dit_le_doute(batir: Batisseur) -> None:
    verificateur = batir(
        lambda c: c["parametres/essai.yaml"]["essai.seuil"]["valeurs"][1].update(a_confirmer="une seule source")
    )
    assert any("une seule source" in m for m in _trouver(verificateur.verifier(lire_essai(**_TRAVAUX))).mentions)


def test_ligne_7_une_donnee_comparee_a_un_parametre_inconnu_n_est_pas_demandee(batir: Batisseur) -> None:
    verificateur = batir(
        lambda c: c["parametres/essai.yaml"]["essai.seuil"]["valeurs"][1].update(valeur="a_renseigner")
    )
    constat = _trouver(verificateur.verifier(lire_essai(**{**_TRAVAUX, "montant_ht": None})))
    assert (constat.a_demander, constat.parametres_absents) == ([], ["essai.seuil"])


# ---------------------------------------------------------------------------------------------------- ligne 8


@pytest.mark.parametrize(
    ("montant", "verdict"),
    [("59999.99", "conforme"), ("60000.00", "ecart"), ("60000.01", "ecart"), (59999.99, "conforme")],
)
def test_ligne_8_un_seuil_se_joue_au_centime(montant: Any, verdict: str, minimal: Verificateur) -> None:
    assert _trouver(minimal.verifier(lire_essai(**{**_TRAVAUX, "montant_ht": montant}))).verdict == verdict


def test_ligne_8_dix_centimes_et_vingt_centimes_font_trente_centimes(batir: Batisseur) -> None:
    def poser(contenu: Contenu) -> None:
        contenu["parametres/essai.yaml"]["essai.seuil"]["valeurs"][1]["valeur"] = 0.3

    fop = lire_essai(**{**_TRAVAUX, "montant_ht": None}, lots=[{"montant_ht": "0.1"}, {"montant_ht": "0.2"}])
    assert _trouver(batir(poser).verifier(fop)).verdict == "ecart"


# ---------------------------------------------------------------------------------------------------- ligne 9


def test_ligne_9_un_message_cite_donnees_effet_date_parametre_et_derogation(batir: Batisseur) -> None:
    gabarit = (
        "{{ montant_ht | euros }} ; {{ seuil | euros }} ; {{ effet.du | date }} ; {{ effet.au | date }} ; "
        "{{ date_de_reference | date }} ; {{ nature }} ; {{ derogation.titre }}."
    )
    verificateur = batir(lambda c: c["ccp/ccp-essai.yaml"]["messages"].update(ecart=gabarit))
    constat = _trouver(verificateur.verifier(lire_essai(**{**_TRAVAUX, "montant_ht": 60000})))
    assert constat.message == (
        f"60{NBSP}000{NBSP}€ ; 60{NBSP}000{NBSP}€ ; 1er janvier 2025 ; non renseigné ; 15 septembre 2026 ; travaux ; "
        "non renseigné."
    )


def test_ligne_9_un_message_de_lot_cite_l_element_courant(minimal: Verificateur) -> None:
    lots = [{"numero": "A", "clauses_env": []}, {"numero": "B", "clauses_env": ["Trier."]}]
    rapport = minimal.verifier(lire_essai(date_lancement="2026-03-02", cpv="39130000", lots=lots))
    assert _trouver(rapport, "VRA-ESSAI", "A").message == "Aucune clause environnementale pour ce mobilier (0)."


def test_ligne_9_une_derogation_incomplete_a_son_propre_message(minimal: Verificateur) -> None:
    fop = lire_essai(**{**_TRAVAUX, "montant_ht": 60000}, allotissement={"motif": "pilotage_impossible"})
    constat = _trouver(minimal.verifier(fop))
    assert constat.verdict == "ecart"
    assert constat.message == "L'exception « Exception motivée » n'est pas motivée."
    assert constat.derogation is not None and not constat.derogation.motivee


# --------------------------------------------------------------------------------------------------- ligne 10


def _ajouter_une_version(contenu: Contenu, du: str = "2026-07-01") -> None:
    premiere = contenu["ccp/ccp-essai.yaml"]
    contenu["ccp/ccp-essai-v2.yaml"] = {
        **premiere,
        "version": 2,
        "remplace": "CCP-ESSAI@1",
        "effet": {"du": du},
        "exige": {"fait": "montant_ht", "moins_de": 10},
    }
    premiere["effet"] = {"du": "2025-01-01", "au": "2026-06-30"}


@pytest.mark.parametrize(
    ("jour", "version", "verdict"),
    [
        ("2024-12-31", 2, "hors_periode"),
        ("2025-01-01", 1, "conforme"),
        ("2026-06-30", 1, "conforme"),
        ("2026-07-01", 2, "ecart"),
        ("2030-01-01", 2, "ecart"),
    ],
)
def test_ligne_10_changer_la_logique_est_une_version_et_le_jour_decide_laquelle(
    jour: str, version: int, verdict: str, batir: Batisseur
) -> None:
    verificateur = batir(_ajouter_une_version)
    rapport = verificateur.verifier(lire_essai(**{**_TRAVAUX, "date_lancement": jour}))
    constats = [c for c in rapport.constats if c.regle == "CCP-ESSAI"]
    assert [(c.version, c.verdict) for c in constats] == [(version, verdict)]


def test_ligne_10_changer_un_taux_ne_touche_aucune_regle(minimal: Verificateur) -> None:
    verdicts = [
        _trouver(minimal.verifier(lire_essai(**{**_TRAVAUX, "montant_ht": 50000, "date_lancement": jour}))).verdict
        for jour in ("2026-03-31", "2026-04-01")
    ]
    assert verdicts == ["ecart", "conforme"]


# --------------------------------------------------------------------------------------------------- ligne 11


def test_ligne_11_une_fiche_lue_depuis_plus_d_un_an_est_une_faute_de_lint(tmp_path: Path) -> None:
    contenu = copier()
    contenu["ccp/ccp-essai.yaml"]["verifie_le"] = "2025-11-19"
    assert {faute.code for faute in controler_dossier(ecrire(tmp_path, contenu))} == {"L13"}


def test_ligne_11_seules_les_fiches_actives_jugent_et_leur_relecture_se_voit(verificateur: Verificateur) -> None:
    rapport = verificateur.verifier(lire_essai(date_lancement="2026-09-15"))
    assert {regle.relecture_juridique for regle in rapport.regles} == {"a_faire"}
    assert {r.fiche.statut for r in charger_regles_reelles().regles} == {"active"}


# --------------------------------------------------------------------------------------------------- ligne 12


def test_ligne_12_une_panne_est_une_erreur_sur_sa_regle_et_le_rapport_n_est_pas_favorable(
    minimal: Verificateur, monkeypatch: pytest.MonkeyPatch
) -> None:
    juger = MoteurDirect.juger

    def tomber(moteur: MoteurDirect, situation: Situation) -> Jugement:
        situation.consultation["montant_ht"] = "trente mille"
        return juger(moteur, situation)

    monkeypatch.setattr(MoteurDirect, "juger", tomber)
    rapport = Verificateur(minimal.paquet, "direct").verifier(
        lire_essai(**_TRAVAUX, clauses_soc=["Insérer."], cpv="39130000", clauses_env=["Trier."]), detail="essentiel"
    )
    constat = _trouver(rapport)
    assert (constat.verdict, constat.message) == ("erreur", MESSAGES_GENERIQUES["erreur"])
    assert rapport.constats[0] is constat
    assert _trouver(rapport, "PNAD-ESSAI").verdict == "conforme"
    assert _trouver(rapport, "VRA-ESSAI").verdict == "conforme"
    syntheses = rapport.syntheses
    assert {syntheses.loi.etat, syntheses.engagement_local.etat, syntheses.plan_national.etat} == {"en_erreur"}
    assert constat.remede is None and rapport.clauses == []


def test_ligne_12_une_panne_reste_une_erreur_de_regle_en_detail_complet(
    minimal: Verificateur, monkeypatch: pytest.MonkeyPatch
) -> None:
    juger = MoteurDirect.juger

    def tomber(moteur: MoteurDirect, situation: Situation) -> Jugement:
        situation.consultation["montant_ht"] = "trente mille"
        return juger(moteur, situation)

    monkeypatch.setattr(MoteurDirect, "juger", tomber)
    rapport = Verificateur(minimal.paquet, "direct").verifier(lire_essai(**_TRAVAUX), detail="complet")
    assert _trouver(rapport).verdict == "erreur"


# --------------------------------------------------------------------------------------- mentions, doutes facultatifs


@pytest.mark.parametrize(("jour", "dite"), [("2026-08-31", False), ("2026-09-01", True), ("2030-01-01", True)])
def test_une_mention_se_dit_a_partir_de_son_jour(jour: str, dite: bool, batir: Batisseur) -> None:
    verificateur = batir(
        lambda c: c["ccp/ccp-essai.yaml"].update(mentions=[{"depuis": "2026-09-01", "texte": "Texte annoncé."}])
    )
    constat = _trouver(verificateur.verifier(lire_essai(**{**_TRAVAUX, "date_lancement": jour})))
    assert constat.mentions == (["Texte annoncé."] if dite else [])
    sans_suite = _trouver(verificateur.verifier(lire_essai(date_lancement=jour, nature="services")))
    assert (sans_suite.verdict, sans_suite.mentions) == ("non_applicable", [])


def test_un_doute_n_est_facultatif_que_si_la_reponse_donnerait_au_pire_une_alerte(
    minimal: Verificateur, batir: Batisseur
) -> None:
    sans_montant = {cle: valeur for cle, valeur in _TRAVAUX.items() if cle != "montant_ht"}
    rapport = minimal.verifier(lire_essai(**sans_montant))
    assert not _trouver(rapport).facultatif
    assert rapport.syntheses.loi.etat == "a_completer"
    assert _trouver(rapport, "PNAD-ESSAI").verdict == "indetermine"
    assert _trouver(rapport, "PNAD-ESSAI").facultatif
    assert rapport.syntheses.plan_national.etat == "favorable"
    attenuee = batir(
        lambda c: (
            c["ccp/ccp-essai.yaml"].update(alerte_si={"fait": "innovant", "egal": True})
            or c["ccp/ccp-essai.yaml"]["messages"].update(alerte="À voir.")
        )
    )
    for innovant, facultatif in ((True, True), (False, False), (None, False)):
        assert _trouver(attenuee.verifier(lire_essai(**sans_montant, innovant=innovant))).facultatif is facultatif


# ------------------------------------------------------------------------------------ quelques dates de droit


@pytest.mark.parametrize(("jour", "verdict"), [("2026-08-20", "hors_periode"), ("2026-08-21", "ecart")])
def test_le_21_aout_2026_le_prix_seul_est_un_ecart(jour: str, verdict: str, verificateur: Verificateur) -> None:
    fop = lire_essai(
        date_lancement=jour,
        procedure="procedure_adaptee",
        criteres=[{"nom": "Prix", "type": "prix", "poids": 100}],
    )
    rapport = verificateur.verifier(fop)
    assert _trouver(rapport, "CCP-ENV-CRITERE").verdict == verdict
    assert _trouver(rapport, "CCP-PRIX-UNIQUE").verdict == verdict


@pytest.mark.parametrize(
    ("jour", "montant", "verdict"),
    [
        ("2026-03-31", "39999.99", "conforme"),
        ("2026-03-31", "40000", "ecart"),
        ("2026-04-01", "59999.99", "conforme"),
        ("2026-04-01", "60000", "ecart"),
    ],
)
def test_le_1er_avril_2026_la_dispense_passe_de_40_000_a_60_000_euros(
    jour: str, montant: str, verdict: str, verificateur: Verificateur
) -> None:
    fop = lire_essai(date_lancement=jour, nature="services", procedure="lettre_de_consultation", montant_ht=montant)
    assert _trouver(verificateur.verifier(fop), "CCP-PROC-DISPENSE").verdict == verdict


def test_la_simulation_d_un_jour_reel_donne_les_memes_verdicts_que_ce_jour(verificateur: Verificateur) -> None:
    donnees: dict[str, Any] = {"procedure": "procedure_adaptee", "criteres": [{"type": "prix"}], "montant_ht": 50000}
    for jour in (date(2026, 8, 20), date(2026, 8, 21), date(2027, 1, 1)):
        vrai = verificateur.verifier(lire_essai(**donnees, date_lancement=jour))
        simule = verificateur.verifier(lire_essai(**donnees), jour)
        assert [(c.regle, c.verdict) for c in vrai.constats] == [(c.regle, c.verdict) for c in simule.constats]
