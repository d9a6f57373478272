"""Le rapport : trois synthèses jamais fusionnées, du plus grave au moins utile, rien de perdu."""

import random
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import pytest

from services.regles.champs import CHAMPS
from services.regles.demandes import (
    DEMANDES_MAX,
    THEMES,
    generaliser,
    nommer_donnee,
    rassembler_demandes,
    trouver_theme,
)
from services.regles.ecriture import ecrire_json
from services.regles.fiches import FAMILLES, FamilleCorpus, Gravite, NomVerdict
from services.regles.lecture_fop import lire_fop
from services.regles.paquet import charger_paquet
from services.regles.rapport import (
    GRAVITES,
    VERDICTS,
    Constat,
    Rapport,
    compter,
    garder_une_version,
    ordonner,
    synthetiser,
)
from services.regles.verification import Verificateur
from tests.moteurs.atelier import charger_regles_reelles, lire_essai
from tests.moteurs.fops_au_hasard import Tirage
from tests.regles.dossier_minimal import copier, ecrire


def _constat(
    verdict: NomVerdict = "conforme",
    *,
    famille: FamilleCorpus = "loi",
    gravite: Gravite = "majeur",
    nature: str = "obligation",
    regle: str = "A",
    lot: str | None = None,
    a_demander: tuple[str, ...] = (),
    facultatif: bool = False,
    version: int = 1,
) -> Constat:
    return Constat(
        regle=regle,
        version=version,
        titre="t",
        famille=famille,
        nature=nature,
        gravite=gravite,
        lot=lot,
        verdict=verdict,
        message="m.",
        fondement="f",
        date_de_reference=date(2026, 1, 1),
        a_demander=list(a_demander),
        parametres_absents=[],
        derogation=None,
        remede=None,
        mentions=[],
        facultatif=facultatif,
        trace=None,
    )


# -------------------------------------------------------------------------------------------------- synthèses


@pytest.mark.parametrize(
    ("verdicts", "etat"),
    [
        ((), "favorable"),
        (("conforme",), "favorable"),
        (("non_applicable", "hors_periode"), "favorable"),
        (("alerte",), "favorable"),
        (("derogation",), "favorable"),
        (("conforme", "indetermine"), "a_completer"),
        (("conforme", "ecart"), "defavorable"),
        (("indetermine", "ecart"), "defavorable"),
        (("erreur",), "en_erreur"),
        (("erreur", "ecart"), "en_erreur"),
        (("erreur", "conforme"), "en_erreur"),
    ],
)
def test_l_etat_d_une_famille_est_celui_de_son_pire_constat(verdicts: tuple[NomVerdict, ...], etat: str) -> None:
    for famille in ("loi", "engagement_local", "plan_national"):
        syntheses = synthetiser([_constat(v, famille=famille) for v in verdicts])
        assert getattr(syntheses, famille).etat == etat


def test_les_trois_syntheses_ne_se_fusionnent_jamais() -> None:
    syntheses = synthetiser(
        [
            _constat("conforme", famille="loi"),
            _constat("ecart", famille="engagement_local", nature="engagement_local"),
            _constat("alerte", famille="plan_national", nature="recommandation"),
        ]
    )
    assert (syntheses.loi.etat, syntheses.engagement_local.etat, syntheses.plan_national.etat) == (
        "favorable",
        "defavorable",
        "favorable",
    )
    assert syntheses.loi.comptes["ecart"] == 0
    assert syntheses.engagement_local.comptes["conforme"] == 0


def test_une_erreur_ailleurs_empeche_d_etre_favorable_mais_laisse_le_reste_se_dire() -> None:
    syntheses = synthetiser(
        [
            _constat("erreur", famille="plan_national"),
            _constat("conforme", famille="loi"),
            _constat("ecart", famille="engagement_local"),
        ]
    )
    assert syntheses.loi.etat == "en_erreur"
    assert syntheses.engagement_local.etat == "defavorable"


def test_un_doute_facultatif_ne_retarde_personne() -> None:
    assert synthetiser([_constat("indetermine", facultatif=True)]).loi.etat == "favorable"
    assert synthetiser([_constat("indetermine", facultatif=False)]).loi.etat == "a_completer"


def test_seuls_les_ecarts_bloquants_sont_comptes_bloquants() -> None:
    constats = [
        _constat("ecart", gravite="bloquant"),
        _constat("ecart", gravite="majeur"),
        _constat("alerte", gravite="bloquant"),
        _constat("indetermine", gravite="bloquant"),
    ]
    assert synthetiser(constats).loi.ecarts_bloquants == 1


def test_les_comptes_disent_tous_les_verdicts_meme_nuls() -> None:
    assert list(compter([])) == list(VERDICTS)
    comptes = compter([_constat("ecart"), _constat("ecart"), _constat("conforme")])
    assert (comptes["ecart"], comptes["conforme"], sum(comptes.values())) == (2, 1, 3)


# -------------------------------------------------------------------------------------------------------- tri


def test_les_constats_vont_du_plus_grave_au_moins_utile() -> None:
    constats = [
        _constat(verdict, gravite=gravite, famille=famille, regle=regle)
        for verdict in VERDICTS
        for gravite in GRAVITES
        for famille in ("loi", "engagement_local", "plan_national")
        for regle in ("A", "B")
    ]
    melanges = constats[:]
    random.Random(1).shuffle(melanges)
    assert ordonner(melanges) == constats


def test_a_rang_egal_les_lots_gardent_leur_ordre() -> None:
    constats = [_constat("ecart", lot=lot) for lot in ("2", "10", "1")]
    assert [c.lot for c in ordonner(constats)] == ["2", "10", "1"]


def test_un_rapport_reel_est_trie(verificateur: Verificateur) -> None:
    for brut in Tirage(charger_regles_reelles()).tirer_plusieurs(41, 30):
        rapport = verificateur.verifier(lire_fop(brut), detail="essentiel")
        rangs = [(VERDICTS.index(c.verdict), GRAVITES.index(c.gravite)) for c in rapport.constats]
        assert all(avant <= apres for avant, apres in pairwise(rangs))


# --------------------------------------------------------------------------------------------------- demandes


def test_la_donnee_qui_debloque_le_plus_de_regles_vient_d_abord() -> None:
    demandes, suivantes = rassembler_demandes(
        [
            _constat("indetermine", regle="A", a_demander=("forme", "montant_ht")),
            _constat("indetermine", regle="B", a_demander=("procedure", "montant_ht")),
            _constat("indetermine", regle="C", a_demander=("procedure", "montant_ht")),
        ],
        {},
    )
    assert [(d.chemin, d.regles) for d in demandes] == [
        ("montant_ht", ["A", "B", "C"]),
        ("procedure", ["B", "C"]),
        ("forme", ["A"]),
    ]
    assert suivantes == 0


def test_un_ecart_bloquant_possible_pese_plus_que_plusieurs_alertes_possibles() -> None:
    demandes, _ = rassembler_demandes(
        [
            _constat("indetermine", regle="A", facultatif=True, a_demander=("pse",)),
            _constat("indetermine", regle="B", facultatif=True, a_demander=("pse",)),
            _constat("indetermine", regle="C", gravite="bloquant", a_demander=("forme",)),
        ],
        {},
    )
    assert [(d.chemin, d.facultative) for d in demandes] == [("forme", False), ("pse", True)]


def test_une_question_qui_touche_aussi_une_obligation_n_est_pas_facultative() -> None:
    (demande,), _ = rassembler_demandes(
        [
            _constat("indetermine", regle="A", facultatif=True, a_demander=("pse",)),
            _constat("indetermine", regle="B", a_demander=("pse",)),
        ],
        {},
    )
    assert not demande.facultative


def test_les_questions_d_un_meme_theme_se_suivent_le_theme_le_plus_utile_d_abord() -> None:
    demandes, _ = rassembler_demandes(
        [
            _constat("indetermine", regle="A", gravite="bloquant", a_demander=("procedure",)),
            _constat("indetermine", regle="B", gravite="majeur", a_demander=("clauses_env",)),
            _constat("indetermine", regle="C", gravite="mineur", a_demander=("forme",)),
        ],
        {},
    )
    assert [d.chemin for d in demandes] == ["procedure", "forme", "clauses_env"]
    assert [d.theme for d in demandes] == ["Montant, durée, procédure", "Montant, durée, procédure", "Environnement"]


def test_au_dela_de_vingt_cinq_questions_le_reste_est_compte() -> None:
    chemins = [chemin for chemin, champ in CHAMPS.items() if champ.genre == "booleen"][: DEMANDES_MAX + 4]
    constats = [_constat("indetermine", regle=f"R{rang}", a_demander=(c,)) for rang, c in enumerate(chemins)]
    demandes, suivantes = rassembler_demandes(constats, {})
    assert (len(demandes), suivantes) == (DEMANDES_MAX, 4)
    assert {d.chemin for d in demandes} == set(chemins[:DEMANDES_MAX])


def test_chaque_donnee_de_la_fiche_a_un_theme_et_un_seul() -> None:
    noms = [nom for theme in THEMES.values() for nom in theme]
    assert len(noms) == len(set(noms))
    assert set(noms) == {chemin.partition(".")[0].partition("[")[0] for chemin in CHAMPS}
    assert all(trouver_theme(chemin) in THEMES for chemin in CHAMPS)


def test_a_utilite_egale_l_ordre_de_lecture_decide() -> None:
    constats = [
        _constat("indetermine", a_demander=("forme", "procedure")),
        _constat("indetermine", a_demander=("ccag",)),
    ]
    assert [d.chemin for d in rassembler_demandes(constats, {})[0]] == ["forme", "procedure", "ccag"]


def test_une_donnee_manquant_a_plusieurs_lots_ne_fait_qu_une_demande() -> None:
    demandes, _ = rassembler_demandes(
        [
            _constat("indetermine", lot="1", a_demander=("lots[1].nature",)),
            _constat("indetermine", lot="2", a_demander=("lots[2].nature", "lots[2].criteres[1].type")),
            _constat("indetermine", regle="B", lot="2", a_demander=("lots[2].nature",)),
        ],
        {},
    )
    assert [(d.chemin, d.regles, d.lots) for d in demandes] == [
        ("lots[].nature", ["A", "B"], ["1", "2"]),
        ("lots[].criteres[1].type", ["A"], ["2"]),
    ]


def test_sans_code_cpv_une_regle_ne_demande_que_lui() -> None:
    demandes, suivantes = rassembler_demandes(
        [_constat("indetermine", lot="2", a_demander=("lots[2].cpv", "chantier.operation", "vehicules.nombre"))], {}
    )
    assert ([d.chemin for d in demandes], suivantes) == (["lots[].cpv"], 0)


@pytest.mark.parametrize(
    ("chemin", "champ"),
    [
        ("montant_ht", "montant_ht"),
        ("lots[2].cpv", "lots[].cpv"),
        ("criteres[3].type", "criteres[].type"),
        ("lots[A].criteres[1].poids", "lots[].criteres[].poids"),
    ],
)
def test_une_demande_porte_la_question_le_genre_l_unite_et_les_valeurs_du_champ(chemin: str, champ: str) -> None:
    (demande,), _ = rassembler_demandes([_constat("indetermine", a_demander=(chemin,))], {})
    decrit = CHAMPS[champ]
    assert demande.question == decrit.question
    assert (demande.genre, demande.unite, demande.exemple) == (decrit.genre, decrit.unite, decrit.exemple)
    assert demande.valeurs == list(decrit.valeurs)


def test_une_donnee_manquante_se_nomme_en_clair() -> None:
    assert nommer_donnee("criteres").startswith("«\u00a0")
    assert nommer_donnee("lots[2].cpv").endswith("(lot 2)")


@pytest.mark.parametrize("graine", range(3))
def test_les_demandes_d_un_rapport_sont_sans_doublon_peu_nombreuses_et_couvrent_ce_qui_manque(
    graine: int, verificateur: Verificateur
) -> None:
    for brut in Tirage(charger_regles_reelles()).tirer_plusieurs(43 + graine, 15):
        rapport = verificateur.verifier(lire_fop(brut), detail="essentiel")
        chemins = [d.chemin for d in rapport.a_demander]
        assert len(set(chemins)) == len(chemins)
        assert len(chemins) <= DEMANDES_MAX
        assert all(d.question.endswith("?") for d in rapport.a_demander)
        demandeuses = {c.regle for c in rapport.constats if c.a_demander}
        assert {r for d in rapport.a_demander for r in d.regles} <= demandeuses
        # Ce qui a un enjeu et dont le code CPV est connu est demandé, ou le sera.
        for constat in rapport.constats:
            if constat.a_demander and not constat.facultatif and not rapport.demandes_suivantes:
                assert set(map(generaliser, constat.a_demander)) & set(chemins), constat.regle
        assert all(c.verdict == "indetermine" for c in rapport.constats if c.a_demander or c.parametres_absents)


# ---------------------------------------------------------------------------------------------- rien de perdu


def test_chaque_regle_rend_un_constat_et_chaque_regle_de_lot_un_par_lot(verificateur: Verificateur) -> None:
    regles = charger_regles_reelles().regles
    rapport = verificateur.verifier(
        lire_essai(date_lancement="2026-09-15", lots=[{"numero": "1"}, {"numero": "B"}, {"numero": "3"}])
    )
    attendus = [(r.fiche.id, "None") for r in regles if not r.niveau_lot]
    attendus += [(r.fiche.id, lot) for r in regles if r.niveau_lot for lot in ("1", "B", "3")]
    assert sorted((c.regle, str(c.lot)) for c in rapport.constats) == sorted(attendus)
    assert sum(rapport.comptes.values()) == len(rapport.constats)
    assert sum(sum(s.comptes.values()) for s in _lister_syntheses(rapport)) == len(rapport.constats)


def _lister_syntheses(rapport: Rapport) -> tuple[Any, ...]:
    return rapport.syntheses.loi, rapport.syntheses.engagement_local, rapport.syntheses.plan_national


def test_un_lot_sans_numero_a_cote_du_lot_1_n_efface_pas_son_ecart(minimal: Verificateur) -> None:
    lots = [
        {"objet": "Bureaux", "cpv": "39130000", "clauses_env": ["Trier les déchets."]},
        {"numero": "1", "cpv": "39130000", "clauses_env": []},
    ]
    rapport = minimal.verifier(lire_essai(date_lancement="2026-03-02", lots=lots))
    verdicts = sorted(c.verdict for c in rapport.constats if c.regle == "VRA-ESSAI")
    assert verdicts == ["conforme", "ecart"]
    assert rapport.syntheses.engagement_local.etat == "defavorable"


def test_l_essentiel_et_le_complet_disent_les_memes_verdicts(verificateur: Verificateur) -> None:
    for brut in Tirage(charger_regles_reelles()).tirer_plusieurs(47, 25):
        fop = lire_fop(brut)
        complet, essentiel = verificateur.verifier(fop), verificateur.verifier(fop, detail="essentiel")
        assert [replace(c, trace=None) for c in complet.constats] == essentiel.constats
        for nom in ("syntheses", "comptes", "a_demander", "clauses", "suppositions", "notices", "fop", "paquet"):
            assert getattr(complet, nom) == getattr(essentiel, nom), nom


def test_le_rapport_cite_le_paquet_le_moteur_et_la_fop(verificateur: Verificateur) -> None:
    paquet = charger_regles_reelles()
    fop = lire_essai(reference="FOP-1", date_lancement="2026-09-15")
    rapport = verificateur.verifier(fop)
    assert (rapport.paquet.version, rapport.paquet.empreinte) == (paquet.version, paquet.empreinte)
    assert (rapport.moteur.nom, rapport.moteur.degrade) == ("double", False)
    assert (rapport.fop.reference, rapport.fop.objet, rapport.fop.acheteur) == ("FOP-1", "Essai", "Acheteur d'essai")
    assert len(rapport.fop.empreinte) == 64
    assert rapport.date_de_reference == date(2026, 9, 15)
    assert not rapport.simulation
    assert "juriste" in rapport.avertissement


def test_chaque_regle_constatee_est_citee_une_fois_avec_ses_references(verificateur: Verificateur) -> None:
    rapport = verificateur.verifier(lire_essai(date_lancement="2026-09-15", lots=[{"numero": 1}, {"numero": 2}]))
    citees = [r.id for r in rapport.regles]
    assert len(set(citees)) == len(citees)
    assert {c.regle for c in rapport.constats} == set(citees)
    assert all(r.references and r.relecture_juridique == "a_faire" for r in rapport.regles)


def test_le_rapport_s_ecrit_en_json_exact(verificateur: Verificateur) -> None:
    rapport = verificateur.verifier(
        lire_essai(
            acheteur={"siret": "20004048300014"}, date_lancement="2026-09-15", montant_ht="59999.90", cpv="39130000"
        )
    )
    lu = orjson.loads(ecrire_json(rapport))
    assert lu["date_de_reference"] == "2026-09-15"
    montants = [t["lu"] for c in lu["constats"] for t in c["trace"] if t["chemin"] == "valeur_besoin_ht"]
    assert montants and set(montants) == {"59999.9"}
    assert set(lu["syntheses"]) == {"loi", "engagement_local", "plan_national"}
    assert list(lu["comptes"]) == list(VERDICTS)


@pytest.mark.parametrize(
    ("nombre", "ecrit"),
    [("59999.90", "59999.9"), ("0.10", "0.1"), ("1E+5", "100000"), ("0E-6", "0"), ("123456789012345678.91", None)],
)
def test_un_decimal_s_ecrit_exactement_sans_exposant(nombre: str, ecrit: str | None) -> None:
    assert orjson.loads(ecrire_json({"n": Decimal(nombre)})) == {"n": ecrit or nombre}


def test_tout_rapport_s_ecrit_en_json(verificateur: Verificateur) -> None:
    for brut in Tirage(charger_regles_reelles()).tirer_plusieurs(53, 25):
        orjson.loads(ecrire_json(verificateur.verifier(lire_fop(brut))))


# ----------------------------------------------------------------------------------------------- suppositions


@pytest.mark.parametrize("detail", ["essentiel", "complet"])
def test_les_suppositions_sont_visibles_dans_tous_les_details(detail: Any, verificateur: Verificateur) -> None:
    fop = lire_essai(
        acheteur={"siret": "20004048300014"},
        date_lancement="2026-09-15",
        procedure="procedure_adaptee",
        criteres=[{"type": "environnemental", "poids": 100}],
        clauses_env=["Trier les déchets."],
    )
    suppositions = {s.chemin: s for s in verificateur.verifier(fop, detail=detail).suppositions}
    assert suppositions["type_contrat"].valeur == "marche"
    assert suppositions["livre"].valeur == "1"
    assert "CCP-ENV-CRITERE" in suppositions["type_contrat"].regles


def test_une_donnee_demandee_n_est_pas_annoncee_comme_supposee(verificateur: Verificateur) -> None:
    rapport = verificateur.verifier(lire_essai(acheteur={"siret": "20004048300014"}, date_lancement="2026-09-15"))
    demandees = {demande.chemin for demande in rapport.a_demander}
    assert "forme" in demandees
    assert not demandees & {supposition.chemin for supposition in rapport.suppositions}


def test_une_exigence_deja_tenue_ne_fait_poser_aucune_question_et_ne_retarde_rien(minimal: Verificateur) -> None:
    rapport = minimal.verifier(lire_essai(date_lancement="2026-09-15", montant_ht=100))
    constat = _trouver(rapport, "CCP-ESSAI")
    assert (constat.verdict, constat.a_demander, constat.facultatif) == ("indetermine", ["nature"], True)
    assert "nature" not in {demande.chemin for demande in rapport.a_demander}
    assert rapport.syntheses.loi.etat == "favorable"


def test_une_reponse_saisie_n_est_plus_une_supposition(verificateur: Verificateur) -> None:
    fop = lire_essai(date_lancement="2026-09-15", type_contrat="marche", livre="1", forme="ordinaire")
    chemins = {s.chemin for s in verificateur.verifier(fop).suppositions}
    assert not {"type_contrat", "livre", "forme"} & chemins


def test_une_supposition_saisie_par_le_lot_n_est_pas_dite_supposee(tmp_path: Path) -> None:
    contenu = copier()
    fiche = contenu["spaser-vra/vra-essai.yaml"]
    fiche["donnees"] = {".nature": {"si_absent": {"supposer": "services"}}}
    fiche["exige"] = {"fait": ".nature", "egal": "services"}
    verificateur = Verificateur(charger_paquet(ecrire(tmp_path, contenu)), "direct")
    lots = [{"numero": 1, "cpv": "39130000"}, {"numero": 2, "cpv": "39130000", "nature": "travaux"}]
    rapport = verificateur.verifier(lire_essai(date_lancement="2026-03-02", lots=lots))
    assert rapport.suppositions == [] or all("lots[2]" not in s.chemin for s in rapport.suppositions)


def test_une_donnee_portee_par_chaque_lot_n_est_pas_dite_supposee(tmp_path: Path) -> None:
    contenu = copier()
    fiche = contenu["pnad/pnad-essai.yaml"]
    fiche["donnees"] = {".clauses_soc": {"si_absent": {"supposer": []}}}
    fiche["exige"] = {"pour_un": "lots_effectifs", "verifie": {"fait": ".clauses_soc", "nombre_au_moins": 1}}
    verificateur = Verificateur(charger_paquet(ecrire(tmp_path, contenu)), "direct")
    rapport = verificateur.verifier(lire_essai(date_lancement="2026-03-02", lots=[{"clauses_soc": ["Insérer."]}]))
    assert [s.chemin for s in rapport.suppositions] == []


# ---------------------------------------------------------------------------------------------------- notices


def _noter(rapport: Rapport, code: str) -> list[str]:
    return [notice.texte for notice in rapport.notices if notice.code == code]


def test_un_schema_echu_se_dit_une_fois_sans_constat_d_ecart(verificateur: Verificateur) -> None:
    rapport = verificateur.verifier(lire_essai(acheteur={"siret": "20004048300014"}, date_lancement="2027-01-01"))
    (texte,) = _noter(rapport, "schema_echu")
    assert "31 décembre 2026" in texte
    assert {c.verdict for c in rapport.constats if c.famille == "engagement_local"} <= {
        "hors_periode",
        "non_applicable",
        "indetermine",
    }


def test_la_veille_de_l_echeance_rien_n_est_echu(verificateur: Verificateur) -> None:
    rapport = verificateur.verifier(lire_essai(acheteur={"siret": "20004048300014"}, date_lancement="2026-12-31"))
    assert _noter(rapport, "schema_echu") == []


def test_une_regle_pas_encore_en_vigueur_n_est_pas_dite_echue(verificateur: Verificateur) -> None:
    rapport = verificateur.verifier(lire_essai(acheteur={"siret": "20004048300014"}, date_lancement="2022-06-01"))
    assert _noter(rapport, "schema_echu") == []


def test_un_schema_renouvele_n_est_pas_dit_echu(tmp_path: Path) -> None:
    contenu = copier()
    contenu["spaser-vra/vra-essai-v2.yaml"] = {
        **contenu["spaser-vra/vra-essai.yaml"],
        "version": 2,
        "remplace": "VRA-ESSAI@1",
        "effet": {"du": "2027-01-01", "au": "2030-12-31", "apres_terme": "signaler"},
    }
    verificateur = Verificateur(charger_paquet(ecrire(tmp_path, contenu)), "direct")
    rapport = verificateur.verifier(lire_essai(date_lancement="2027-06-01", cpv="39130000", clauses_env=[]))
    (constat,) = [c for c in rapport.constats if c.regle == "VRA-ESSAI"]
    assert (constat.version, constat.verdict) == (2, "ecart")
    assert _noter(rapport, "schema_echu") == []


def test_une_incoherence_de_la_fop_est_une_notice_et_ne_change_pas_les_verdicts(verificateur: Verificateur) -> None:
    donnees: dict[str, Any] = {"date_lancement": "2026-09-15", "lots": [{"montant_ht": 6}, {"montant_ht": 5}]}
    rapport = verificateur.verifier(lire_essai(montant_ht=10, **donnees))
    assert len(_noter(rapport, "incoherence")) == 1


def test_une_simulation_se_dit_et_juge_au_jour_simule(verificateur: Verificateur) -> None:
    fop = lire_essai(date_lancement="2026-08-20", procedure="procedure_adaptee", criteres=[{"type": "prix"}])
    vrai = verificateur.verifier(fop)
    simule = verificateur.verifier(fop, date(2026, 8, 21))
    assert (vrai.simulation, simule.simulation) == (False, True)
    assert _noter(simule, "simulation") == ["Simulation : comme si la consultation était lancée le 21 août 2026."]
    assert _trouver(vrai, "CCP-ENV-CRITERE").verdict == "hors_periode"
    assert _trouver(simule, "CCP-ENV-CRITERE").verdict == "ecart"
    assert simule.fop.empreinte == vrai.fop.empreinte


def _trouver(rapport: Rapport, regle: str) -> Constat:
    return next(constat for constat in rapport.constats if constat.regle == regle)


# ----------------------------------------------------------------------------------- dérogation de l'acheteur

_VRA_EN_ECART: dict[str, Any] = {
    "acheteur": {"siret": "20004048300014"},
    "date_lancement": "2026-03-02",
    "clauses_env": [],
    "criteres": [{"type": "prix"}],
    "allotissement": {"alloti": False, "prestations_distinctes": True},
}


def _deroger(verificateur: Verificateur, regle: str, motif: str | None = "Aucune offre connue.") -> Rapport:
    return verificateur.verifier(lire_essai(**_VRA_EN_ECART, derogations=[{"regle": regle, "motif": motif}]))


def test_un_engagement_local_en_ecart_s_assume_par_un_motif(verificateur: Verificateur) -> None:
    sans = _trouver(verificateur.verifier(lire_essai(**_VRA_EN_ECART)), "VRA-E8-ENV")
    assert sans.verdict == "ecart"
    rapport = _deroger(verificateur, "VRA-E8-ENV")
    avec = _trouver(rapport, "VRA-E8-ENV")
    assert avec.verdict == "derogation"
    assert avec.derogation is not None
    assert (avec.derogation.motif, avec.derogation.motivee) == ("Aucune offre connue.", True)
    assert "Aucune offre connue." in avec.message
    assert not any("VRA-E8-ENV" in clause.regles for clause in rapport.clauses)
    assert _noter(rapport, "derogation_irrecevable") == []


def test_la_loi_ne_s_assume_pas(verificateur: Verificateur) -> None:
    rapport = _deroger(verificateur, "CCP-ALLOT")
    constat = _trouver(rapport, "CCP-ALLOT")
    assert constat.verdict == "ecart"
    (texte,) = _noter(rapport, "derogation_irrecevable")
    assert "CCP-ALLOT" in texte and "loi" in texte


@pytest.mark.parametrize(
    ("regle", "motif", "extrait"),
    [
        ("VRA-E8-ENV", None, "motif est vide"),
        ("VRA-E8-ENV", "néant", "motif est vide"),
        ("VRA-RIEN", "Motif.", "inconnue"),
        ("PNAD-ENV", "Motif.", "seul un engagement local"),
        ("AGEC-58-MOBILIER", "Motif.", "seul un engagement local"),
    ],
)
def test_une_derogation_irrecevable_est_ecartee_et_dite(
    regle: str, motif: str | None, extrait: str, verificateur: Verificateur
) -> None:
    rapport = _deroger(verificateur, regle, motif)
    (texte,) = _noter(rapport, "derogation_irrecevable")
    assert extrait in texte
    assert "VRA-RIEN" not in texte, "un identifiant reçu et inconnu n'est pas répété"
    assert _trouver(rapport, "VRA-E8-ENV").verdict == "ecart"


def test_une_derogation_ne_change_que_sa_regle(verificateur: Verificateur) -> None:
    sans = verificateur.verifier(lire_essai(**_VRA_EN_ECART))
    avec = _deroger(verificateur, "VRA-E8-ENV")
    verdicts = [{c.regle: c.verdict for c in r.constats if c.regle != "VRA-E8-ENV"} for r in (sans, avec)]
    assert verdicts[0] == verdicts[1]
    assert avec.syntheses.loi == sans.syntheses.loi


def test_une_derogation_sans_objet_ne_rend_pas_conforme(verificateur: Verificateur) -> None:
    rapport = verificateur.verifier(
        lire_essai(
            acheteur={"siret": "20004048300014"},
            date_lancement="2026-03-02",
            clauses_env=["Trier."],
            derogations=[{"regle": "VRA-E8-ENV", "motif": "Motif."}],
        )
    )
    assert _trouver(rapport, "VRA-E8-ENV").verdict == "conforme"


# --------------------------------------------------------------------------------------------------- versions


def test_une_seule_version_d_une_regle_se_prononce() -> None:
    une, deux = _constat("hors_periode", version=1), _constat("ecart", version=2)
    assert garder_une_version([une, deux]) == [deux]
    assert garder_une_version([_constat("ecart", version=1), _constat("hors_periode", version=2)])[0].verdict == "ecart"
    assert garder_une_version([une, replace(une, version=2)])[0].version == 2
    lots = [_constat("conforme", lot="1"), _constat("ecart", lot="2")]
    assert garder_une_version(lots) == lots


def test_chaque_corpus_a_sa_famille() -> None:
    assert {FAMILLES[r.fiche.corpus] for r in charger_regles_reelles().regles} == {
        "loi",
        "engagement_local",
        "plan_national",
    }


# ---------------------------------------------------------------------------------------- défauts trouvés en test


def test_la_question_de_la_fiche_passe_avant_celle_de_la_fop(tmp_path: Path) -> None:
    contenu = copier()
    contenu["ccp/ccp-essai.yaml"]["donnees"] = {"montant_ht": {"question": "Combien, toutes tranches comprises ?"}}
    verificateur = Verificateur(charger_paquet(ecrire(tmp_path, contenu)), "direct")
    rapport = verificateur.verifier(lire_essai(date_lancement="2026-09-15", nature="travaux"))
    demande = next(d for d in rapport.a_demander if d.chemin == "montant_ht")
    assert demande.question == "Combien, toutes tranches comprises ?"


def test_une_demande_ne_cite_jamais_un_lot_sans_nom(verificateur: Verificateur) -> None:
    lots = [{"numero": 1, "procedure": "lettre_de_consultation"}, {"numero": 2, "montant_ht": 500000}]
    rapport = verificateur.verifier(
        lire_essai(
            date_lancement="2026-09-15",
            procedure="appel_offres_ouvert",
            nature="services",
            montant_ht=600000,
            lots=lots,
        )
    )
    assert all("" not in demande.lots for demande in rapport.a_demander)


def test_un_rapport_complet_reste_a_la_mesure_de_la_fiche(verificateur: Verificateur) -> None:
    fop = lire_essai(
        acheteur={"siret": "20004048300014"},
        date_lancement="2026-09-15",
        procedure="procedure_adaptee",
        cpv="39130000",
        criteres=[{"nom": f"Critère {rang}", "type": "technique", "poids": 1} for rang in range(100)],
        lots=[{"numero": rang} for rang in range(10)],
    )
    assert len(ecrire_json(verificateur.verifier(fop))) < 4_000_000


def test_un_numero_de_lot_a_crochet_ne_casse_pas_les_demandes(minimal: Verificateur) -> None:
    rapport = minimal.verifier(lire_essai(date_lancement="2026-03-02", lots=[{"numero": "A].x"}]))
    demande = next(d for d in rapport.a_demander if "cpv" in d.chemin)
    assert (demande.chemin, demande.lots) == ("lots[].cpv", ["A].x"])


def test_une_derogation_motivee_ne_se_perd_pas_devant_une_autre_sans_motif(verificateur: Verificateur) -> None:
    derogations = [{"regle": "VRA-E8-ENV", "motif": "Aucune offre connue."}, {"regle": "VRA-E8-ENV"}]
    rapport = verificateur.verifier(lire_essai(**_VRA_EN_ECART, derogations=derogations))
    assert _trouver(rapport, "VRA-E8-ENV").verdict == "derogation"
