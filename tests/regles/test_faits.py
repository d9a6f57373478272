"""De la FOP aux faits : compléter sans inventer, hériter champ par champ, dire d'où vient chaque donnée."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from services.regles.champs import CHAMPS
from services.regles.faits import (
    ACCORDS_CADRES,
    CALCULS,
    FORMALISEES,
    SANS_CONCURRENCE,
    SOUS_TYPES_ENVIRONNEMENTAUX,
    SOUS_TYPES_SOCIAUX,
    SUPPOSITIONS,
    AcheteurConnu,
    Faits,
    deduire_nature,
    etablir_faits,
    trouver_champ,
    trouver_demande,
)
from services.regles.fop import DIVISIONS_CPV
from tests.moteurs.atelier import charger_regles_reelles, lire_essai

CONNUS: Mapping[str, AcheteurConnu] = {
    "200040483": AcheteurConnu("epci", "pouvoir_adjudicateur", "vra_2023_2026"),
    "222600017": AcheteurConnu("departement", "pouvoir_adjudicateur", "drome_2025_2028"),
}


def _etablir(jour: date | None = None, **donnees: Any) -> Faits:
    return etablir_faits(lire_essai(**donnees), CONNUS, jour)


# ---------------------------------------------------------------------------------------------------- aplatir


def test_les_objets_s_aplatissent_et_les_listes_restent_des_listes() -> None:
    faits = _etablir(
        allotissement={"motif": "pilotage_impossible"},
        questionnaire={"insertion_etudiee": True},
        publicites=["joue"],
        criteres=[{"type": "prix"}],
        clauses_env=["Trier les déchets."],
    ).consultation
    assert faits["allotissement.motif"] == "pilotage_impossible"
    assert faits["questionnaire.insertion_etudiee.reponse"] is True
    assert list(faits["publicites"]) == ["joue"]
    assert faits["criteres"] == [{"type": "prix", "est_environnemental": False, "est_social": False}]
    assert faits["clauses_env"] == [{"texte": "Trier les déchets."}]
    assert "allotissement" not in faits and "questionnaire" not in faits


@pytest.mark.parametrize("absent", [None, "", "   ", "néant", "N/A", "à définir"])
def test_un_fait_absent_n_a_pas_de_cle(absent: str | None) -> None:
    faits = _etablir(procedure=absent, montant_ht=absent, justification_duree=absent).consultation
    assert not {"procedure", "montant_ht", "justification_duree", "est_formalisee", "valeur_besoin_ht"} & set(faits)


def test_une_liste_vide_est_renseignee() -> None:
    faits = _etablir(criteres=[], clauses_env=[], lots=[]).consultation
    assert [len(faits[cle]) for cle in ("criteres", "clauses_env", "lots")] == [0, 0, 0]


def test_les_extensions_ne_deviennent_jamais_des_faits() -> None:
    assert not any("secret" in cle for cle in _etablir(extensions={"secret": {"montant_ht": 1}}).consultation)


# --------------------------------------------------------------------------------------------------- héritage

HERITAGES: tuple[tuple[str, Any, str, Any], ...] = (
    ("cpv", "39130000", "cpv", "39130000"),
    ("nature", "travaux", "nature", "travaux"),
    ("criteres", [{"type": "prix", "poids": 100}], "criteres", None),
    ("clauses_env", [{"type": "dechets"}], "clauses_env", [{"type": "dechets"}]),
    ("clauses_soc", [{"type": "insertion"}], "clauses_soc", [{"type": "insertion"}]),
    ("agec", [{"famille": "mobilier"}], "agec", [{"famille": "mobilier"}]),
    ("procedure", "procedure_adaptee", "procedure", "procedure_adaptee"),
    ("reservation", {"type": "ess"}, "reservation.type", "ess"),
    ("egalim", {"part_bio": "0.2"}, "egalim.part_bio", Decimal("0.2")),
    ("vehicules", {"nombre": 3}, "vehicules.nombre", 3),
)


@pytest.mark.parametrize(("champ", "valeur", "cle", "attendu"), HERITAGES, ids=[h[0] for h in HERITAGES])
def test_un_lot_tient_de_la_consultation_ce_qu_il_ne_dit_pas(champ: str, valeur: Any, cle: str, attendu: Any) -> None:
    faits = _etablir(**{champ: valeur}, lots=[{"numero": 1}])
    assert faits.lots[0][cle] == (faits.consultation[cle] if attendu is None else attendu)
    assert faits.provenances_lots[0][cle] == "herite"


@pytest.mark.parametrize(
    ("champ", "consultation", "propre", "cle", "attendu"),
    [
        ("cpv", "39130000", "45000000", "cpv", "45000000"),
        ("criteres", [{"type": "prix"}], [], "criteres", []),
        ("clauses_env", [{"type": "dechets"}], [], "clauses_env", []),
        ("procedure", "appel_offres_ouvert", "bon_de_commande", "procedure", "bon_de_commande"),
        ("vehicules", {"nombre": 3}, {"nombre": 0}, "vehicules.nombre", 0),
    ],
)
def test_la_valeur_propre_du_lot_l_emporte_meme_vide_ou_nulle(
    champ: str, consultation: Any, propre: Any, cle: str, attendu: Any
) -> None:
    faits = _etablir(**{champ: consultation}, lots=[{"numero": 1, champ: propre}])
    valeur = faits.lots[0][cle]
    assert (list(valeur) if isinstance(valeur, list | tuple) else valeur) == attendu
    assert cle not in faits.provenances_lots[0]


def test_egalim_s_herite_champ_par_champ() -> None:
    faits = _etablir(egalim={"part_bio": "0.2", "scolaire": True}, lots=[{"numero": 1, "egalim": {"part_bio": "0.3"}}])
    lot = faits.lots[0]
    assert (lot["egalim.part_bio"], lot["egalim.scolaire"]) == (Decimal("0.3"), True)
    assert faits.provenances_lots[0] == {"egalim.scolaire": "herite"}


def test_une_reservation_ne_se_melange_pas_a_celle_de_la_consultation() -> None:
    faits = _etablir(
        reservation={"type": "insertion", "articles": ["L2113-13"], "proportion": "0.5"},
        lots=[{"numero": 1, "reservation": {"type": "handicap"}}, {"numero": 2}],
    )
    assert {c for c in faits.lots[0] if c.startswith("reservation.")} == {"reservation.type"}
    assert faits.lots[1]["reservation.proportion"] == Decimal("0.5")


@pytest.mark.parametrize("champ", ["montant_ht", "objet"])
def test_le_montant_et_l_objet_ne_s_heritent_pas(champ: str) -> None:
    faits = _etablir(montant_ht=100, lots=[{"numero": 1}])
    assert champ not in faits.lots[0]


@pytest.mark.parametrize("lots", [{}, {"lots": []}, {"lots": None}], ids=["absents", "vides", "nuls"])
def test_sans_lot_la_consultation_est_un_lot_unique(lots: dict[str, Any]) -> None:
    faits = _etablir(cpv="39130000", montant_ht=100, procedure="bon_de_commande", **lots)
    assert faits.numeros == (None,)
    assert faits.lots[0]["cpv"] == "39130000"
    assert faits.lots[0]["montant_ht"] == 100
    assert faits.lots[0]["est_sans_concurrence"] is True
    assert faits.consultation["lots_effectifs"] == [faits.lots[0]]


def test_les_lots_effectifs_sont_toujours_la() -> None:
    assert len(_etablir().consultation["lots_effectifs"]) == 1
    assert len(_etablir(lots=[{"numero": 1}, {"numero": 2}]).consultation["lots_effectifs"]) == 2


def test_un_lot_sans_numero_prend_son_rang() -> None:
    assert _etablir(lots=[{"objet": "Gros œuvre"}, {"objet": "Peinture"}]).numeros == ("1", "2")


def test_deux_lots_n_ont_jamais_le_meme_numero() -> None:
    numeros = _etablir(lots=[{"objet": "Gros œuvre"}, {"numero": "1"}]).numeros
    assert len(set(numeros)) == 2


# --------------------------------------------------------------------------------------- consultation et lots


@pytest.mark.parametrize("champ", ["cpv", "nature", "procedure"])
def test_ce_que_tous_les_lots_disent_la_consultation_le_dit(champ: str) -> None:
    valeurs = {"cpv": ("39130000", "45000000"), "nature": ("travaux", "services")}
    une, autre = valeurs.get(champ, ("procedure_adaptee", "concours"))
    assert _etablir(lots=[{champ: une}, {champ: une}]).consultation[champ] == une
    assert _etablir(lots=[{champ: une}, {champ: une}]).provenances[champ] == "calcule"
    for lots in ([{champ: une}, {champ: autre}], [{champ: une}, {"numero": 2}]):
        assert champ not in _etablir(lots=lots).consultation
    saisie: dict[str, Any] = {champ: autre}
    assert _etablir(**saisie, lots=[{champ: une}]).consultation[champ] == autre


@pytest.mark.parametrize(
    ("motif", "distinctes"),
    [
        ("pilotage_impossible", True),
        ("concurrence_technique_cout", True),
        ("risque_infructueux", True),
        ("prestations_non_distinctes", False),
        ("marche_global", None),
    ],
)
def test_le_motif_de_non_allotissement_dit_si_les_prestations_sont_distinctes(
    motif: str, distinctes: bool | None
) -> None:
    faits = _etablir(allotissement={"motif": motif})
    assert faits.consultation.get("allotissement.prestations_distinctes") is distinctes
    saisi = _etablir(allotissement={"motif": motif, "prestations_distinctes": False})
    assert saisi.consultation["allotissement.prestations_distinctes"] is False


# ----------------------------------------------------------------------------------------------------- nature


@pytest.mark.parametrize("division", sorted(DIVISIONS_CPV))
def test_la_division_du_cpv_dit_la_nature(division: str) -> None:
    attendue = "travaux" if division == "45" else "fournitures" if division < "45" or division == "48" else "services"
    assert deduire_nature(division + "000000") == attendue
    faits = _etablir(cpv=division + "000000")
    assert faits.consultation["nature"] == attendue
    assert faits.provenances["nature"] == "calcule"


def test_la_nature_saisie_l_emporte_sur_le_cpv() -> None:
    faits = _etablir(cpv="45000000", nature="services")
    assert faits.consultation["nature"] == "services"
    assert "nature" not in faits.provenances


def test_le_cpv_du_lot_dit_sa_nature_avant_celle_de_la_consultation() -> None:
    faits = _etablir(nature="travaux", lots=[{"numero": 1, "cpv": "39130000"}, {"numero": 2}])
    assert [lot["nature"] for lot in faits.lots] == ["fournitures", "travaux"]
    assert [p["nature"] for p in faits.provenances_lots] == ["calcule", "herite"]


# --------------------------------------------------------------------------------------------------- acheteur


def test_un_etablissement_du_meme_siren_releve_du_meme_spaser() -> None:
    for siret in ("20004048300014", "20004048300022"):
        faits = _etablir(acheteur={"siret": siret})
        assert faits.consultation["acheteur.spaser"] == "vra_2023_2026"
        assert faits.consultation["acheteur.type"] == "epci"
        assert faits.provenances["acheteur.spaser"] == "calcule"


def test_le_spaser_saisi_l_emporte_sur_le_siren() -> None:
    faits = _etablir(acheteur={"siret": "20004048300014", "spaser": "aucun"})
    assert faits.consultation["acheteur.spaser"] == "aucun"
    assert "acheteur.spaser" not in faits.provenances


def test_un_siret_hors_du_referentiel_n_a_aucun_schema_et_c_est_une_supposition() -> None:
    faits = _etablir(acheteur={"siret": "21260362500014"})
    assert faits.consultation["acheteur.spaser"] == "aucun"
    assert faits.provenances["acheteur.spaser"] == "suppose"
    declare = _etablir(acheteur={"siret": "21260362500014", "spaser": "drome_2025_2028"})
    assert declare.consultation["acheteur.spaser"] == "drome_2025_2028"
    assert "acheteur.spaser" not in declare.provenances


@pytest.mark.parametrize(
    ("siret", "genre"),
    [("21260362500014", "commune"), ("22260001700016", "departement"), ("20006878100166", None)],
)
def test_le_siren_d_une_commune_ou_d_un_departement_dit_sa_categorie(siret: str, genre: str | None) -> None:
    assert _etablir(acheteur={"siret": siret}).consultation.get("acheteur.type") == genre
    assert _etablir(acheteur={"siret": siret, "type": "autre"}).consultation["acheteur.type"] == "autre"


def test_un_acheteur_dit_par_son_seul_nom_reste_inconnu() -> None:
    assert not {"acheteur.type", "acheteur.spaser"} & set(
        _etablir(acheteur={"nom": "Valence Romans Agglo"}).consultation
    )


def test_les_acheteurs_livres_sont_reconnus() -> None:
    acheteurs = charger_regles_reelles().acheteurs
    for siret, spaser in (
        ("20004048300014", "vra_2023_2026"),
        ("20006878100166", "vra_2023_2026"),
        ("21260362500014", "vra_2023_2026_allege"),
        ("22260001700016", "drome_2025_2028"),
    ):
        faits = etablir_faits(lire_essai(acheteur={"siret": siret}), acheteurs)
        assert faits.consultation["acheteur.spaser"] == spaser


# ----------------------------------------------------------------------------------------------- suppositions


def test_les_suppositions_globales_sont_dites_supposees() -> None:
    faits = _etablir()
    for cle, valeur in SUPPOSITIONS.items():
        assert faits.consultation[cle] == valeur
        assert faits.provenances[cle] == "suppose"


def test_une_reponse_ecarte_la_supposition() -> None:
    acheteur = {"nom": "Régie", "qualite": "entite_adjudicatrice"}
    faits = _etablir(type_contrat="concession", livre="5_autres", acheteur=acheteur)
    assert faits.consultation["type_contrat"] == "concession"
    assert not set(SUPPOSITIONS) & set(faits.provenances)


def test_la_qualite_connue_par_le_siren_n_est_pas_une_supposition() -> None:
    assert _etablir(acheteur={"siret": "20004048300014"}).provenances["acheteur.qualite"] == "calcule"


# --------------------------------------------------------------------------------------------------- montants


def test_le_montant_est_la_somme_des_lots_quand_tous_en_ont_un() -> None:
    faits = _etablir(lots=[{"montant_ht": "0.10"}, {"montant_ht": "0.20"}])
    assert faits.consultation["montant_ht"] == Decimal("0.30")
    assert faits.provenances["montant_ht"] == "calcule"
    assert "montant_ht" not in _etablir(lots=[{"montant_ht": 1}, {"objet": "Peinture"}]).consultation
    assert "montant_ht" not in _etablir(lots=[]).consultation


def test_le_montant_saisi_l_emporte_sur_la_somme_des_lots() -> None:
    faits = _etablir(montant_ht=50, lots=[{"montant_ht": 100}])
    assert faits.consultation["montant_ht"] == 50
    assert any("dépasse le montant total" in notice for notice in faits.notices)


@pytest.mark.parametrize(
    ("donnees", "valeur"),
    [
        ({"montant_ht": 100}, 100),
        ({"montant_ht": 100, "montant_max_ht": 300}, 300),
        ({"montant_ht": 100, "montant_max_ht": 300, "forme": "accord_cadre_mixte"}, 300),
        ({"montant_ht": 100, "montant_max_ht": 300, "forme": "ordinaire"}, 100),
        ({"montant_ht": 400, "montant_max_ht": 300, "forme": "accord_cadre_mixte"}, 400),
        ({"montant_max_ht": 300}, 300),
        ({"montant_max_ht": 300, "forme": "ordinaire"}, None),
        ({"montant_ht": 100, "montant_operation_ht": 900, "nature": "travaux"}, 900),
        ({"montant_ht": 100, "montant_operation_ht": 900, "nature": "services"}, 100),
        ({"montant_ht": 100, "montant_operation_ht": 900}, 100),
        ({"montant_operation_ht": 900, "nature": "travaux"}, None),
        ({"lots": [{"montant_ht": 60}, {"montant_ht": 60}]}, 120),
        ({}, None),
        ({"montant_ht": 0}, 0),
    ],
)
def test_la_valeur_du_besoin_est_la_plus_haute_des_valeurs_declarees(
    donnees: dict[str, Any], valeur: int | None
) -> None:
    assert _etablir(**donnees).consultation.get("valeur_besoin_ht") == valeur


@pytest.mark.parametrize("procedure", sorted(CHAMPS["procedure"].valeurs))
def test_la_procedure_dit_si_elle_est_formalisee_et_si_elle_met_en_concurrence(procedure: str) -> None:
    faits = _etablir(procedure=procedure).consultation
    assert faits["est_formalisee"] is (procedure in FORMALISEES)
    assert faits["est_sans_concurrence"] is (procedure in SANS_CONCURRENCE)
    assert not FORMALISEES & SANS_CONCURRENCE
    lots = _etablir(lots=[{"procedure": procedure}, {"procedure": "procedure_adaptee"}]).lots
    assert lots[0]["est_sans_concurrence"] is (procedure in SANS_CONCURRENCE)


@pytest.mark.parametrize("forme", sorted(CHAMPS["forme"].valeurs))
def test_la_forme_dit_si_c_est_un_accord_cadre(forme: str) -> None:
    assert _etablir(forme=forme).consultation["est_accord_cadre"] is (forme in ACCORDS_CADRES)


def test_les_ensembles_de_valeurs_sont_des_valeurs_de_la_fop() -> None:
    assert set(CHAMPS["procedure"].valeurs) >= SANS_CONCURRENCE | FORMALISEES
    assert set(CHAMPS["forme"].valeurs) >= ACCORDS_CADRES


@pytest.mark.parametrize(
    ("lots", "alloti"),
    [(None, None), ([], False), ([{"numero": 1}], False), ([{"numero": 1}, {"numero": 2}], True)],
)
def test_l_allotissement_se_deduit_des_lots(lots: list[Any] | None, alloti: bool | None) -> None:
    assert _etablir(lots=lots).consultation.get("allotissement.alloti") is alloti


@pytest.mark.parametrize("saisi", [True, False])
def test_l_allotissement_saisi_l_emporte(saisi: bool) -> None:
    assert _etablir(allotissement={"alloti": saisi}, lots=[]).consultation["allotissement.alloti"] is saisi


def test_le_delai_de_reception_se_deduit_des_dates() -> None:
    faits = _etablir(date_lancement="2026-09-01", date_limite_offres="2026-10-06")
    assert faits.consultation["delai_reception_jours"] == 35
    assert (
        _etablir(date_lancement="2026-09-01", date_limite_offres="2026-10-06", delai_reception_jours=9).consultation[
            "delai_reception_jours"
        ]
        == 9
    )
    assert "delai_reception_jours" not in _etablir(date_lancement="2026-09-01").consultation


# ------------------------------------------------------------------------------------------------ petits lots


def _dispenser(total: str | None, *petits: str | None, procedure: str | None = "procedure_adaptee") -> dict[str, Any]:
    lots: list[dict[str, Any]] = [{"procedure": "lettre_de_consultation", "montant_ht": m} for m in petits]
    return _etablir(montant_ht=total, procedure=procedure, lots=[*lots, {"montant_ht": "1"}]).consultation


@pytest.mark.parametrize(
    ("total", "petits", "cumul", "part"),
    [
        ("100000", ("20000",), "20000", "0.2"),
        ("100000", ("20000.01",), "20000.01", "0.200001"),
        ("100000", ("19999.99",), "19999.99", "0.2"),
        ("100000", ("10000", "10000"), "20000", "0.2"),
        ("300000", ("60000.01",), "60000.01", "0.200001"),
        ("999999999999.99", ("200000000000.00",), "200000000000.00", "0.200001"),
        ("999999999999.95", ("199999999999.99",), "199999999999.99", "0.2"),
        ("3", ("1",), "1", "0.333334"),
        ("100000", (), "0", "0"),
        ("100", ("300",), "300", "3"),
    ],
)
def test_la_part_des_petits_lots_s_arrondit_vers_le_haut(
    total: str, petits: tuple[str, ...], cumul: str, part: str
) -> None:
    faits = _dispenser(total, *petits)
    assert faits["lots_dispenses.cumul_ht"] == Decimal(cumul)
    assert faits["lots_dispenses.part"] == Decimal(part)


def test_un_cumul_un_centime_sous_le_plafond_ne_le_depasse_pas() -> None:
    """L'arrondi vers le haut ne fait jamais franchir un plafond à un cumul qui est dessous."""
    for total in range(1, 2_000, 37):
        plafond = Decimal(total) / 5
        assert _dispenser(str(total), str(plafond.quantize(Decimal("0.01"))))["lots_dispenses.part"] <= Decimal("0.2")


@pytest.mark.parametrize(
    "faits",
    [
        _dispenser("100000", None),
        _dispenser("100000", "10", procedure=None),
    ],
    ids=["montant_de_lot_absent", "procedure_absente"],
)
def test_le_cumul_est_inconnu_quand_une_donnee_manque(faits: dict[str, Any]) -> None:
    assert "lots_dispenses.cumul_ht" not in faits
    assert "lots_dispenses.part" not in faits


def test_le_cumul_est_nul_quand_toute_la_consultation_est_dispensee() -> None:
    assert _dispenser("100", "10", procedure="bon_de_commande")["lots_dispenses.part"] == 0


def test_un_total_nul_laisse_la_part_inconnue() -> None:
    faits = _dispenser("0", "10")
    assert faits["lots_dispenses.cumul_ht"] == 10
    assert "lots_dispenses.part" not in faits


# ------------------------------------------------------------------------------------------------ base légale

RECONNUES = (
    "R2122-1",
    "R2122-7",
    "R2122-9",
    "R2122-9-1",
    "R. 2122-3",
    "R.2122-3",
    "R 2122-3",
    "r2122-3",
    "article R2122-3 du code de la commande publique",
    "R2122‑3",
    "R2122–3",
    "R2122-9‑1",
    "R2122-8 et R2122-3",
    "articles R2122-1 à R2122-7",
    "R2122-3, 1°",
    "(R2122-6)",
    "R\u00a02122-3",
)
REFUSEES = (
    "R2122-8",
    "R. 2122-8",
    "R2122-10",
    "R2122-11",
    "R2122-80",
    "R2123-1",
    "L2122-1",
    "R21223",
    "R2122",
    "2122-3",
    "gré à gré",
    "R2122-0",
)


@pytest.mark.parametrize("ecriture", RECONNUES)
def test_une_base_legale_propre_est_reconnue_sous_toutes_ses_ecritures(ecriture: str) -> None:
    assert _etablir(base_legale_procedure=ecriture).consultation["base_legale_dispense"] is True


@pytest.mark.parametrize("ecriture", REFUSEES)
def test_un_autre_article_n_est_pas_une_base_legale_propre(ecriture: str) -> None:
    assert _etablir(base_legale_procedure=ecriture).consultation["base_legale_dispense"] is False


def test_la_base_legale_n_est_jamais_inconnue() -> None:
    assert _etablir().consultation["base_legale_dispense"] is False


@pytest.mark.parametrize(
    "ecriture",
    [
        "R2122\u20103",
        "R2122\u22123",
        "R2122 - 3",
        "R2122-\u00a03",
        "R* 2122-3",
        "R.2122.3",
        "R2122_3",
        "R. 2122- 3",
        "R2122—3",
    ],
    ids=["trait_u2010", "moins_u2212", "espaces", "insecable", "etoile", "point", "souligne", "espace", "cadratin"],
)
def test_une_base_legale_a_l_ecriture_inhabituelle_est_reconnue(ecriture: str) -> None:
    assert _etablir(base_legale_procedure=ecriture).consultation["base_legale_dispense"] is True


def test_un_mot_qui_finit_par_un_article_n_en_est_pas_un() -> None:
    assert _etablir(base_legale_procedure="marché CR2122-3").consultation["base_legale_dispense"] is False


# --------------------------------------------------------------------------------------------------- critères


@pytest.mark.parametrize(
    ("critere", "env", "soc"),
    [
        ({"type": "environnemental"}, True, False),
        ({"type": "social"}, False, True),
        ({"type": "prix"}, False, False),
        ({"type": "technique", "sous_type": "carbone"}, True, False),
        ({"type": "technique", "sous_type": "Cycle de vie"}, True, False),
        ({"type": "technique", "sous_type": "insertion"}, False, True),
        ({"type": "technique", "sous_type": "delai"}, False, False),
        ({"type": "environnemental", "sous_type": "insertion"}, True, True),
        ({"sous_type": "carbone"}, True, None),
        ({"sous_type": "insertion"}, None, True),
        ({"sous_type": "autre"}, None, None),
        ({"nom": "Valeur technique"}, None, None),
        ({"type": "rse_general"}, False, False),
    ],
)
def test_un_critere_est_environnemental_ou_social_selon_son_type(
    critere: dict[str, Any], env: bool | None, soc: bool | None
) -> None:
    for faits in (_etablir(criteres=[critere]), _etablir(lots=[{"criteres": [critere]}])):
        (marque,) = faits.lots[0]["criteres"]
        assert (marque.get("est_environnemental"), marque.get("est_social")) == (env, soc)


def test_les_sous_types_environnementaux_et_sociaux_ne_se_recoupent_pas() -> None:
    assert not SOUS_TYPES_ENVIRONNEMENTAUX & SOUS_TYPES_SOCIAUX


# ------------------------------------------------------------------------------------------------- simulation


def test_une_simulation_remplace_la_date_de_lancement_et_le_dit() -> None:
    faits = _etablir(date(2030, 1, 1), date_lancement="2026-09-15")
    assert faits.consultation["date_lancement"] == date(2030, 1, 1)
    assert faits.provenances["date_lancement"] == "simule"
    assert "date_lancement" not in _etablir(date_lancement="2026-09-15").provenances


def test_une_simulation_donne_une_date_a_une_fop_qui_n_en_a_pas() -> None:
    assert _etablir(date(2030, 1, 1)).consultation["date_lancement"] == date(2030, 1, 1)


def test_une_simulation_recalcule_le_delai_de_reception() -> None:
    faits = _etablir(date(2026, 9, 26), date_lancement="2026-09-01", date_limite_offres="2026-10-06")
    assert faits.consultation["delai_reception_jours"] == 10


# ----------------------------------------------------------------------------------------------- incohérences


@pytest.mark.parametrize(
    ("donnees", "extrait"),
    [
        ({"montant_ht": 10, "lots": [{"montant_ht": 6}, {"montant_ht": 5}]}, "somme des montants des lots"),
        ({"montant_ht": 10, "montant_max_ht": 9}, "maximum de l'accord-cadre"),
        ({"date_lancement": "2026-09-15", "date_limite_offres": "2026-09-14"}, "date limite"),
        ({"date_lancement": "2026-09-15", "date_notification_prevue": "2026-09-14"}, "notification"),
        ({"date_lancement": "2026-09-15", "date_debut_execution": "2026-09-14"}, "exécution"),
        ({"allotissement": {"alloti": False}, "lots": [{"numero": 1}, {"numero": 2}]}, "non alloti"),
        ({"allotissement": {"alloti": True}, "lots": [{"numero": 1}]}, "moins de deux lots"),
        ({"lots": [{"numero": 4, "egalim": {"part_bio": "0.6", "part_durable_qualite": "0.5"}}]}, "(lot 4)"),
        ({"egalim": {"part_bio": "0.6", "part_durable_qualite": "0.5"}}, "part de bio"),
        ({"clauses_env": ["Trier."], "lots": [{"numero": 1, "clauses_env": []}]}, "liste vide de clauses env"),
    ],
)
def test_une_incoherence_est_dite_une_fois(donnees: dict[str, Any], extrait: str) -> None:
    (notice,) = _etablir(**donnees).notices
    assert extrait in notice
    assert notice.endswith(".")


@pytest.mark.parametrize(
    "donnees",
    [
        {},
        {"montant_ht": 11, "lots": [{"montant_ht": 6}, {"montant_ht": 5}]},
        {"montant_ht": 10, "montant_max_ht": 10},
        {"date_lancement": "2026-09-15", "date_limite_offres": "2026-09-15"},
        {"criteres": [{"poids": "33.3333"}, {"poids": "33.3333"}, {"poids": "33.3334"}]},
        {"criteres": [{"poids": 60}, {"nom": "Technique"}]},
        {"criteres": []},
        {"egalim": {"part_bio": "0.5", "part_durable_qualite": "0.5"}},
        {"clauses_env": [], "lots": [{"numero": 1, "clauses_env": []}]},
        {"clauses_soc": ["Insérer."], "lots": [{"numero": 1, "clauses_soc": []}]},
    ],
)
def test_une_fiche_coherente_ne_dit_rien(donnees: dict[str, Any]) -> None:
    assert _etablir(**donnees).notices == ()


# -------------------------------------------------------------------------------------------------- catalogue


@pytest.mark.parametrize("chemin", sorted(CALCULS))
def test_chaque_fait_calcule_se_demande_par_une_donnee_de_la_fop(chemin: str) -> None:
    assert chemin not in CHAMPS
    assert trouver_champ(chemin) is CALCULS[chemin].champ
    demande = trouver_demande(chemin)
    assert demande in CHAMPS, demande


def test_une_donnee_de_la_fop_se_demande_elle_meme() -> None:
    assert trouver_demande("montant_ht") == "montant_ht"
    assert trouver_champ("montant_htt") is None


def test_etablir_les_faits_ne_change_pas_la_fop() -> None:
    fop = lire_essai(criteres=[{"type": "prix"}], lots=[{"numero": 1}])
    avant = fop.model_dump_json()
    etablir_faits(fop, CONNUS)
    assert fop.model_dump_json() == avant
