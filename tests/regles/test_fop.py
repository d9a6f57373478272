"""La lecture d'une FOP : ce qu'elle tolère, ce qu'elle refuse, et comment elle le dit."""

import hashlib
import json
import unicodedata
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from services.regles.erreurs import (
    Anomalie,
    EntreesInvalides,
    FopInvalide,
    PaquetInvalide,
    ecrire_pointeur,
    traduire,
)
from services.regles.fop import LOTS_MAX, PROFONDEUR_MAX, TAILLE_MAX_CORPS, Fop
from services.regles.lecture_fop import ANOMALIES_MAX, decoder_json, empreinte, lire_fop, lire_fop_json

MINIMALE: dict[str, Any] = {"objet": "Rénovation de l'école", "acheteur": {"nom": "Valence Romans Agglo"}}
SECRET = "XSECRETX"


def composer(**champs: Any) -> dict[str, Any]:
    return {**MINIMALE, **champs}


def refuser(lecture: Callable[[], Fop]) -> tuple[Anomalie, ...]:
    with pytest.raises(FopInvalide) as prise:
        lecture()
    return prise.value.anomalies


def refuser_champ(**champs: Any) -> Anomalie:
    anomalies = refuser(lambda: lire_fop(composer(**champs)))
    assert len(anomalies) == 1, [str(a) for a in anomalies]
    return anomalies[0]


def ecrire_json(valeur: object) -> bytes:
    return json.dumps(valeur).encode()


# --- Trois états --------------------------------------------------------------------------------------------


def test_seuls_l_objet_et_l_acheteur_sont_exiges() -> None:
    fop = lire_fop(MINIMALE)
    assert fop.objet == "Rénovation de l'école"
    assert fop.montant_ht is None
    assert fop.lots is None


def test_une_fiche_vide_nomme_les_deux_donnees_obligatoires() -> None:
    anomalies = refuser(lambda: lire_fop({}))
    assert [(a.code, a.pointeur) for a in anomalies] == [
        ("obligatoire", "/objet"),
        ("obligatoire", "/acheteur"),
    ]
    assert str(anomalies[0]) == "objet — donnée obligatoire attendue, rien lu : renseigner « objet »"


def test_un_acheteur_sans_siret_ni_nom_est_refuse() -> None:
    (anomalie,) = refuser(lambda: lire_fop({"objet": "x", "acheteur": {"type": "epci"}}))
    assert (anomalie.code, anomalie.pointeur) == ("obligatoire", "/acheteur")
    assert "siret" in anomalie.correction


@pytest.mark.parametrize(
    "vide", [None, "", "   ", "néant", "Néant", "NEANT", "n/a", "N/A", "à définir", "A definir", "\u200b"]
)
@pytest.mark.parametrize(
    "champ",
    [
        "montant_ht",
        "date_lancement",
        "cpv",
        "procedure",
        "pse",
        "reference",
        "lots",
        "allotissement",
        "duree_mois",
    ],
)
def test_un_champ_vide_est_absent(champ: str, vide: object) -> None:
    assert getattr(lire_fop(composer(**{champ: vide})), champ) is None


@pytest.mark.parametrize("texte", ["null", "na", "néant."])
def test_un_texte_ambigu_n_est_pas_absent(texte: str) -> None:
    assert lire_fop(composer(programme=texte)).programme == texte


def test_un_neant_decompose_est_absent() -> None:
    assert lire_fop(composer(programme=unicodedata.normalize("NFD", "néant"))).programme is None


def test_une_liste_vide_est_renseignee() -> None:
    fop = lire_fop(composer(lots=[], criteres=[], publicites=[]))
    assert (fop.lots, fop.criteres, fop.publicites) == ((), (), ())


def test_un_objet_dont_tout_est_absent_est_absent() -> None:
    fop = lire_fop(composer(allotissement={"alloti": None, "motivation": " "}, chantier={}, extensions={}))
    assert (fop.allotissement, fop.chantier, fop.extensions) == (None, None, None)


@pytest.mark.parametrize("vide", [None, "", "néant", {}])
def test_un_element_de_liste_vide_est_une_faute(vide: object) -> None:
    anomalie = refuser_champ(criteres=[{"nom": "Prix"}, vide])
    assert (anomalie.code, anomalie.chemin, anomalie.pointeur) == (
        "element_vide",
        "criteres[2]",
        "/criteres/1",
    )


# --- Textes -------------------------------------------------------------------------------------------------


def test_les_textes_sont_rognes_et_ramenes_a_la_forme_composee() -> None:
    fop = lire_fop(composer(objet=unicodedata.normalize("NFD", "  Réfection de l'école \n")))
    assert fop.objet == "Réfection de l'école"
    assert unicodedata.is_normalized("NFC", fop.objet)


def test_les_emojis_tabulations_et_retours_sont_permis() -> None:
    assert lire_fop(composer(objet="École 🏫\r\n\tlot")).objet == "École 🏫\r\n\tlot"


@pytest.mark.parametrize("interdit", ["\x00", "\x07", "\x1b", "\x7f", "\x85", "\ud800", "\udfff"])
@pytest.mark.parametrize(
    "champ", ["objet", "procedure", "montant_ht", "date_lancement", "cpv", "pse", "lots", "biodiversite"]
)
def test_un_caractere_interdit_est_refuse_avec_son_chemin(champ: str, interdit: str) -> None:
    anomalie = refuser_champ(**{champ: f"a{interdit}b"})
    assert (anomalie.code, anomalie.chemin) == ("texte_interdit", champ)
    json.dumps(anomalie.pointeur).encode("utf-8")


def test_un_caractere_interdit_dans_une_extension_ou_une_cle_est_refuse() -> None:
    anomalies = refuser(lambda: lire_fop(composer(extensions={"a": ["b\x00"], "c\ud800": 1}, **{"d\x00": 1})))
    assert {a.code for a in anomalies} == {"texte_interdit"}
    for anomalie in anomalies:
        str(anomalie).encode("utf-8")
    assert [a.pointeur for a in anomalies] == ["/extensions/a/0", "/extensions/c\\ud800", "/d\\u0000"]


@pytest.mark.parametrize(
    ("champ", "longueur"),
    [("objet", 1_000), ("reference", 64), ("programme", 300), ("justification_duree", 20_000)],
)
def test_un_texte_a_sa_longueur_bornee(champ: str, longueur: int) -> None:
    assert getattr(lire_fop(composer(**{champ: "é" * longueur})), champ) == "é" * longueur
    anomalie = refuser_champ(**{champ: "é" * (longueur + 1)})
    assert anomalie.code == "trop_long"
    assert anomalie.lu.startswith("texte de ")


@pytest.mark.parametrize("valeur", [12, 1.5, True, date(2026, 1, 1)])
def test_une_valeur_nue_n_est_pas_un_texte(valeur: object) -> None:
    anomalie = refuser_champ(programme=valeur)
    assert (anomalie.code, anomalie.attendu, anomalie.correction) == (
        "type_attendu",
        "texte",
        "mettre des guillemets",
    )


# --- Nombres ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ecrit", [59999.99, "59999.99", Decimal("59999.99"), " 59999.990 ", Decimal("59999.9900")])
def test_un_montant_est_lu_au_centime_exact(ecrit: object) -> None:
    assert lire_fop(composer(montant_ht=ecrit)).montant_ht == Decimal("59999.99")


def test_un_montant_json_ne_passe_jamais_par_un_flottant() -> None:
    fop = lire_fop_json(b'{"objet":"x","acheteur":{"nom":"v"},"montant_ht":999999999999.99,"avance_taux":0.1}')
    assert fop.montant_ht == Decimal("999999999999.99")
    assert fop.avance_taux == Decimal("0.1")


@pytest.mark.parametrize("ecrit", ["12 345,67", "12345,67", "1e3", "1_000", "١٢", ".5", "5.", "+5", "0x1F", "12 €"])
def test_un_nombre_mal_ecrit_dit_comment_l_ecrire(ecrit: str) -> None:
    anomalie = refuser_champ(montant_ht=ecrit)
    assert (anomalie.code, anomalie.lu) == ("type_attendu", "texte")
    assert anomalie.correction == "écrire le nombre sans espace, avec un point pour les décimales"


@pytest.mark.parametrize(
    ("champ", "faux"),
    [
        ("montant_ht", -1),
        ("montant_ht", "-0.01"),
        ("montant_ht", "0.001"),
        ("montant_ht", 10**12),
        ("montant_ht", float("nan")),
        ("montant_ht", float("-inf")),
        ("montant_ht", Decimal("sNaN")),
        ("montant_ht", Decimal("1E+999999999")),
        ("montant_ht", Decimal("1E-999999999")),
        ("montant_ht", "99.99" + "0" * 40 + "1"),
        ("avance_taux", "1.000001"),
        ("avance_taux", "0.0000001"),
        ("duree_mois", 0),
        ("duree_mois", "1200.001"),
        ("duree_mois", "1.2345"),
        ("delai_reception_jours", -1),
        ("delai_reception_jours", 3_651),
    ],
)
def test_un_nombre_hors_bornes_est_refuse(champ: str, faux: object) -> None:
    assert refuser_champ(**{champ: faux}).code == "hors_bornes"


def test_un_entier_de_milliers_de_chiffres_est_hors_bornes() -> None:
    for champ in ("montant_ht", "delai_reception_jours"):
        for faux in (10**5000, -(10**5000)):
            assert refuser_champ(**{champ: faux}).code == "hors_bornes"


@pytest.mark.parametrize("faux", [-1, "100.0001", "0.00001"])
def test_le_poids_d_un_critere_va_de_0_a_100(faux: object) -> None:
    anomalie = refuser_champ(criteres=[{"poids": 100}, {"poids": faux}])
    assert (anomalie.code, anomalie.chemin, anomalie.pointeur) == (
        "hors_bornes",
        "criteres[2].poids",
        "/criteres/1/poids",
    )


@pytest.mark.parametrize("champ", ["montant_ht", "delai_reception_jours", "avance_taux"])
@pytest.mark.parametrize("faux", [True, [], {"a": 1}, "oui"])
def test_un_booleen_ou_un_objet_n_est_jamais_un_nombre(champ: str, faux: object) -> None:
    assert refuser_champ(**{champ: faux}).code in ("type_attendu", "cle_inconnue")


@pytest.mark.parametrize("ecrit", [35, "35", 35.0, Decimal("35.00"), Decimal("3.5E+1")])
def test_un_entier_peut_s_ecrire_avec_des_zeros(ecrit: object) -> None:
    assert lire_fop(composer(delai_reception_jours=ecrit)).delai_reception_jours == 35


@pytest.mark.parametrize("faux", ["35.5", 35.5, Decimal("35.5"), "trente"])
def test_un_entier_n_a_pas_de_decimales(faux: object) -> None:
    assert refuser_champ(delai_reception_jours=faux).attendu == "nombre entier"


# --- Booléens -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ecrit", "lu"), [(True, True), ("oui", True), ("Oui", True), (" OUI ", True), ("non", False)])
def test_un_booleen_peut_s_ecrire_oui_ou_non(ecrit: object, lu: bool) -> None:
    assert lire_fop(composer(pse=ecrit)).pse is lu


@pytest.mark.parametrize("faux", [1, 0, 1.0, "true", "vrai", "1", [], Decimal(1)])
def test_un_nombre_n_est_jamais_un_booleen(faux: object) -> None:
    anomalie = refuser_champ(pse=faux)
    assert (anomalie.code, anomalie.attendu) == ("type_attendu", "booléen")


@pytest.mark.parametrize(("ecrit", "lu"), [(True, True), ("non", False), ("Haies conservées", "Haies conservées")])
def test_la_biodiversite_accepte_un_booleen_ou_un_texte(ecrit: object, lu: object) -> None:
    assert lire_fop(composer(biodiversite=ecrit)).biodiversite == lu


def test_une_biodiversite_fautive_ne_fait_qu_une_anomalie() -> None:
    anomalie = refuser_champ(biodiversite=3)
    assert (anomalie.pointeur, anomalie.attendu) == ("/biodiversite", "booléen ou texte")


# --- Énumérations -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("champ", "ecrit", "lu"),
    [
        ("procedure", "Procédure adaptée", "procedure_adaptee"),
        ("procedure", "MAPA", "procedure_adaptee"),
        ("procedure", "Appel d'offres ouvert", "appel_offres_ouvert"),
        ("procedure", "Appel d\u2019offres ouvert", "appel_offres_ouvert"),
        ("procedure", "Appel d offres ouvert", "appel_offres_ouvert"),
        ("procedure", unicodedata.normalize("NFD", "PROCÉDURE ADAPTÉE"), "procedure_adaptee"),
        ("procedure", "Appel d'offres restreint", "appel_offres_restreint"),
        ("procedure", "Procédure avec négociation", "procedure_avec_negociation"),
        ("procedure", "Dialogue compétitif", "dialogue_competitif"),
        (
            "procedure",
            "Marché passé sans publicité ni mise en concurrence préalable",
            "sans_publicite_ni_mise_en_concurrence",
        ),
        ("procedure", "procedure-adaptee", "procedure_adaptee"),
        ("ccag", "Travaux", "travaux"),
        ("ccag", "Maitrise d'œuvre", "moe"),
        ("ccag", "Maîtrise d\u2019œuvre", "moe"),
        ("ccag", "Fournitures courantes et services", "fcs"),
        ("ccag", "Marchés industriels", "mi"),
        ("ccag", "Prestations intellectuelles", "pi"),
        ("ccag", "Techniques de l'information et de la communication", "tic"),
        ("ccag", "Pas de CCAG", "aucun"),
        ("technique", "Système d'acquisition dynamique", "systeme_acquisition_dynamique"),
        ("technique", "Catalogue électronique", "catalogue_electronique"),
        ("technique", "Enchère électronique", "enchere_electronique"),
        ("technique", "Concours", "concours"),
        ("technique", "Sans objet", "aucune"),
        ("forme", "Bons de commande", "accord_cadre_bons_de_commande"),
        ("forme", "Marchés subséquents", "accord_cadre_marches_subsequents"),
        ("forme", "Marché subséquent", "marche_subsequent"),
        ("nature", "Travaux", "travaux"),
        ("nature", "Service", "services"),
        ("type_contrat", "Marché", "marche"),
        ("type_contrat", "Délégation de service public", "concession"),
        ("livre", "1", "1"),
        ("livre", 1, "1"),
    ],
)
def test_un_libelle_connu_est_ramene_a_son_enumeration(champ: str, ecrit: object, lu: str) -> None:
    assert getattr(lire_fop(composer(**{champ: ecrit})), champ) == lu


@pytest.mark.parametrize(
    ("ecrite", "lue"),
    [
        ("mobilier", "mobilier"),
        ("A24-09", "mobilier"),
        ("Mobilier et aménagement d'intérieur", "mobilier"),
        ("Produits textiles à l'exception des équipements de protection individuels", "textiles"),
        ("Gros électroménager, y compris appareils professionnels", "electromenager"),
        ("Equipements de collecte de déchets", "collecte_dechets"),
        ("EPI", "epi"),
        ("autre", "autre"),
    ],
)
def test_une_famille_agec_se_lit_par_sa_cle_son_code_ou_son_libelle(ecrite: str, lue: str) -> None:
    fop = lire_fop(composer(agec=[{"famille": ecrite}]))
    assert fop.agec is not None
    assert fop.agec[0].famille == lue


def test_une_valeur_hors_liste_propose_la_plus_proche() -> None:
    anomalie = refuser_champ(procedure="Procédure adapté")
    assert (anomalie.code, anomalie.lu, anomalie.correction) == (
        "valeur_hors_liste",
        "texte",
        "écrire « procedure_adaptee »",
    )
    assert "dialogue_competitif" in anomalie.attendu


@pytest.mark.parametrize("faux", [2, True, 1.0, [], {"a": 1}, "Accord-cadre", "x" * 10_000])
def test_une_valeur_etrangere_a_la_liste_est_refusee(faux: object) -> None:
    assert refuser_champ(livre=faux).code == "valeur_hors_liste"


def test_le_sous_type_d_un_critere_est_une_etiquette_libre() -> None:
    fop = lire_fop(composer(criteres=[{"sous_type": "Cycle de vie"}]))
    assert fop.criteres is not None
    assert fop.criteres[0].sous_type == "cycle_de_vie"


# --- CPV, SIRET, dates --------------------------------------------------------------------------------------


@pytest.mark.parametrize("ecrit", ["45233000", "45233000-9", " 45233000-0 "])
def test_un_cpv_est_ramene_a_huit_chiffres(ecrit: str) -> None:
    assert lire_fop(composer(cpv=ecrit)).cpv == "45233000"


def test_un_cpv_entier_demande_des_guillemets() -> None:
    anomalie = refuser_champ(lots=[{"numero": 1}, {"numero": 2, "cpv": 45233000}])
    assert str(anomalie) == "lots[2].cpv — texte attendu, entier lu : mettre des guillemets"
    assert anomalie.pointeur == "/lots/1/cpv"


@pytest.mark.parametrize(
    "faux", ["4523300", "452330001", "4523300A", "45233000-", "45233000-99", "٤٥٢٣٣٠٠٠", "45.233.000"]
)
def test_un_cpv_mal_forme_est_refuse(faux: str) -> None:
    assert refuser_champ(cpv=faux).code == "format"


def test_un_cpv_d_une_division_inexistante_est_refuse() -> None:
    anomalie = refuser_champ(cpv_secondaires=["45233000", "99000000"])
    assert (anomalie.code, anomalie.pointeur) == ("valeur_hors_liste", "/cpv_secondaires/1")


@pytest.mark.parametrize(
    "ecrit", ["20004048300014", "200 040 483 00014", "200\u00a0040\u00a0483 00014", "35600000049837"]
)
def test_un_siret_est_verifie_et_sans_espace(ecrit: str) -> None:
    siret = lire_fop({"objet": "x", "acheteur": {"siret": ecrit}}).acheteur.siret
    assert siret is not None
    assert (len(siret), siret.isdigit()) == (14, True)


@pytest.mark.parametrize(
    ("faux", "code"),
    [
        ("20004048300015", "format"),
        ("2000404830001", "format"),
        ("abc", "format"),
        (20004048300014, "type_attendu"),
    ],
)
def test_un_siret_faux_est_refuse(faux: object, code: str) -> None:
    (anomalie,) = refuser(lambda: lire_fop({"objet": "x", "acheteur": {"siret": faux}}))
    assert (anomalie.code, anomalie.pointeur) == (code, "/acheteur/siret")


def test_une_date_se_lit_au_jour() -> None:
    assert lire_fop(composer(date_lancement="2026-08-21")).date_lancement == date(2026, 8, 21)
    assert lire_fop(composer(date_lancement=date(2026, 8, 21))).date_lancement == date(2026, 8, 21)


@pytest.mark.parametrize(
    "faux",
    [
        "2026-02-30",
        "21/08/2026",
        "2026-8-21",
        "20260821",
        "2026-08-21T00:00:00",
        20260821,
        datetime(2026, 8, 21),
        True,
    ],
)
def test_une_date_d_une_autre_forme_est_refusee(faux: object) -> None:
    anomalie = refuser_champ(date_lancement=faux)
    assert anomalie.code == "format"
    assert "AAAA-MM-JJ" in anomalie.attendu


@pytest.mark.parametrize("faux", ["1999-12-31", "2101-01-01"])
def test_une_date_hors_du_siecle_est_refusee(faux: str) -> None:
    assert refuser_champ(date_lancement=faux).code == "hors_bornes"


# --- Objets et listes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ecrit", "lu"), [(True, True), ("non", False), ({"reponse": "oui"}, True)])
def test_une_question_se_repond_d_un_mot_ou_avec_un_motif(ecrit: object, lu: bool) -> None:
    questionnaire = lire_fop(composer(questionnaire={"insertion_etudiee": ecrit})).questionnaire
    assert questionnaire is not None
    assert questionnaire.insertion_etudiee is not None
    assert questionnaire.insertion_etudiee.reponse is lu


@pytest.mark.parametrize("faux", [1, "peut-être", []])
def test_une_reponse_ni_oui_ni_non_est_refusee(faux: object) -> None:
    anomalie = refuser_champ(questionnaire={"insertion_etudiee": faux})
    assert (anomalie.code, anomalie.pointeur) == ("type_attendu", "/questionnaire/insertion_etudiee")


@pytest.mark.parametrize("champ", ["clauses_env", "specifications_env"])
@pytest.mark.parametrize(
    ("ecrit", "lu"),
    [
        ("recycle", {"type": "recycle"}),
        (" Déchets ", {"type": "dechets"}),
        ("Zéro phyto", {"type": "zero_phyto"}),
        ("Tri des déchets", {"texte": "Tri des déchets"}),
        ("insertion", {"texte": "insertion"}),
        ({"texte": "recycle"}, {"texte": "recycle"}),
        ({"type": "Recyclé"}, {"type": "recycle"}),
    ],
)
def test_une_clause_seule_est_un_type_connu_ou_un_texte(champ: str, ecrit: object, lu: dict[str, str]) -> None:
    fop = lire_fop(composer(**{champ: [ecrit]}))
    assert fop.model_dump(include={champ}, exclude_none=True)[champ] == (lu,)
    assert empreinte(fop) == empreinte(lire_fop(composer(**{champ: [lu]})))


def test_une_clause_sociale_de_lot_s_ecrit_aussi_d_un_mot() -> None:
    fop = lire_fop(composer(lots=[{"clauses_soc": ["Insertion", "Égalité FH", "350 heures réservées"]}]))
    assert fop.lots is not None and fop.lots[0].clauses_soc is not None
    types = [(clause.type, clause.texte) for clause in fop.lots[0].clauses_soc]
    assert types == [("insertion", None), ("egalite_fh", None), (None, "350 heures réservées")]


@pytest.mark.parametrize("champ", ["clauses_env", "specifications_env", "clauses_soc"])
@pytest.mark.parametrize(
    ("faux", "pointeur"),
    [(3, "/0"), (True, "/0"), ({"type": "enrgie"}, "/0/type"), ("", "/0"), ("a\x00", "/0"), ("x" * 20_001, "/0/texte")],
)
def test_une_clause_fautive_est_refusee_a_sa_place(champ: str, faux: object, pointeur: str) -> None:
    assert refuser_champ(**{champ: [faux]}).pointeur == f"/{champ}{pointeur}"


def test_un_numero_de_lot_entier_devient_un_texte() -> None:
    fop = lire_fop(composer(lots=[{"numero": 1}, {"numero": "2bis"}, {"objet": "sans numéro"}]))
    assert fop.lots is not None
    assert [lot.numero for lot in fop.lots] == ["1", "2bis", None]


def test_deux_lots_de_meme_numero_sont_refuses() -> None:
    anomalie = refuser_champ(lots=[{"numero": 1}, {"numero": 2}, {"numero": "1"}])
    assert (anomalie.code, anomalie.pointeur) == ("numero_en_double", "/lots")
    assert anomalie.correction == "changer le numéro de lots[1] ou de lots[3]"


@pytest.mark.parametrize("numero", ["1" * 17, 10**16, True, 1.0])
def test_un_numero_de_lot_est_court(numero: object) -> None:
    assert refuser_champ(lots=[{"numero": numero}]).pointeur == "/lots/0/numero"


@pytest.mark.parametrize("champ", ["lots", "criteres", "publicites", "acheteur", "allotissement", "extensions"])
@pytest.mark.parametrize("faux", [3, True, "abc"])
def test_une_valeur_simple_n_est_ni_une_liste_ni_un_objet(champ: str, faux: object) -> None:
    anomalie = refuser_champ(**{champ: faux})
    assert (anomalie.code, anomalie.pointeur) == ("type_attendu", f"/{champ}")
    assert anomalie.attendu in ("liste", "objet")


def test_une_cle_inconnue_propose_la_plus_proche() -> None:
    anomalie = refuser_champ(lots=[{"numero": 1, "montan_ht": 3}])
    assert (anomalie.code, anomalie.pointeur) == ("cle_inconnue", "/lots/0/montan_ht")
    assert anomalie.correction == "écrire « montant_ht »"


def test_une_cle_inconnue_est_refusee_meme_vide() -> None:
    assert refuser_champ(montan_ht=None).code == "cle_inconnue"
    assert refuser_champ(allotissement={"zzzzzz": ""}).correction == "retirer cette clé"


def test_une_cle_qui_n_est_pas_un_texte_est_refusee() -> None:
    brut: dict[Any, Any] = {**MINIMALE, 3: "x"}
    (anomalie,) = refuser(lambda: lire_fop(brut))
    assert anomalie.attendu == "nom de clé en texte"


def test_une_cle_demesuree_est_abregee() -> None:
    anomalie = refuser_champ(**{"z" * 100_000: 1})
    assert len(anomalie.pointeur) < 100


def test_les_listes_sont_bornees() -> None:
    assert len(lire_fop(composer(lots=[{"objet": "x"}] * LOTS_MAX)).lots or ()) == LOTS_MAX
    anomalie = refuser_champ(lots=[{"numero": 1}] * 10_000)
    assert str(anomalie) == "lots — au plus 500 éléments attendus, liste de 10 000 éléments lue : raccourcir la liste"
    assert refuser_champ(criteres=[{}] * 101).code == "trop_long"
    assert refuser_champ(lots=[{"clauses_env": ["x"] * 101}]).pointeur == "/lots/0/clauses_env"


def test_les_extensions_sont_conservees_telles_quelles() -> None:
    libre = {"a": [None, " b ", {"c": Decimal("1.10")}, True], "d": {}}
    assert lire_fop(composer(extensions=libre)).extensions == libre


@pytest.mark.parametrize("faux", [float("nan"), Decimal("Infinity"), object(), date(2026, 1, 1), b"x"])
def test_une_extension_qui_n_est_pas_du_json_est_refusee(faux: object) -> None:
    assert refuser_champ(extensions={"a": [faux]}).pointeur == "/extensions/a/0"


def test_une_extension_trop_profonde_ou_bouclee_est_refusee() -> None:
    boucle: dict[str, Any] = {}
    boucle["a"] = boucle
    assert refuser_champ(extensions=boucle).code == "trop_profond"


def test_la_fop_est_figee() -> None:
    fop = lire_fop(MINIMALE)
    with pytest.raises(ValidationError):
        fop.__setattr__("objet", "autre")


@pytest.mark.parametrize("faux", [None, [], "x", 3, True])
def test_une_fop_qui_n_est_pas_un_objet_est_refusee(faux: object) -> None:
    (anomalie,) = refuser(lambda: lire_fop(faux))
    assert (anomalie.code, anomalie.attendu) == ("type_attendu", "objet")


def test_toutes_les_fautes_sont_dites_d_un_coup() -> None:
    anomalies = refuser(
        lambda: lire_fop({"objet": "a\x00", "acheteur": {"siret": "1"}, "montant_ht": "x", "lots": [{"cpv": 1}, None]})
    )
    assert {a.pointeur for a in anomalies} == {
        "/objet",
        "/acheteur/siret",
        "/montant_ht",
        "/lots/0/cpv",
        "/lots/1",
    }


@pytest.mark.parametrize("brut", [{"lots": [{"cpv": n} for n in range(300)]}, {f"cle{n}": n for n in range(300)}])
def test_au_plus_cent_anomalies_sont_rendues(brut: dict[str, Any]) -> None:
    anomalies = refuser(lambda: lire_fop(composer(**brut)))
    assert len(anomalies) == ANOMALIES_MAX
    assert anomalies[-1].code == "anomalies_tues"
    assert "autre" in anomalies[-1].attendu


def test_exactement_cent_anomalies_sont_toutes_rendues() -> None:
    anomalies = refuser(lambda: lire_fop(composer(lots=[{"cpv": n} for n in range(100)])))
    assert {a.code for a in anomalies} == {"type_attendu"}


# --- Confidentialité ----------------------------------------------------------------------------------------


def _remplacer_partout(brut: Any, valeur: object) -> Any:
    if isinstance(brut, dict):
        return {cle: _remplacer_partout(v, valeur) for cle, v in brut.items()}
    return [_remplacer_partout(v, valeur) for v in brut] if isinstance(brut, list) else valeur


@pytest.mark.parametrize(
    "valeur", [SECRET, f"{SECRET}\x00", [SECRET], {SECRET: SECRET}, 987654321987654321, f"{SECRET}," * 99]
)
def test_aucune_anomalie_ne_repete_une_valeur(valeur: object) -> None:
    complete = lire_fop(
        composer(
            montant_ht=1,
            date_lancement="2026-01-01",
            cpv="45000000",
            procedure="concours",
            pse=True,
            duree_mois=1,
            delai_reception_jours=3,
            publicites=["joue"],
            clauses_env=["x"],
            questionnaire={"insertion_etudiee": True},
            lots=[{"numero": 1, "criteres": [{"poids": 1, "type": "prix", "nom": "x"}]}],
            acheteur={"siret": "20004048300014", "nom": "x", "population": 3},
            derogations=[{"regle": "x", "date": "2026-01-01"}],
        )
    ).model_dump(mode="json", exclude_none=True)
    with pytest.raises(FopInvalide) as prise:
        lire_fop(_remplacer_partout(complete, valeur))
    for anomalie in prise.value.anomalies:
        # Une clé est citée dans le chemin : c'est elle qu'il faut corriger. Une valeur, jamais.
        dite = f"{anomalie.attendu} {anomalie.lu} {anomalie.correction}"
        assert SECRET not in dite
        assert "987654321" not in dite
        if not isinstance(valeur, dict):
            assert SECRET not in str(anomalie)
    assert prise.value.__context__ is None


def test_l_erreur_de_lecture_ne_traine_pas_le_document_recu() -> None:
    with pytest.raises(FopInvalide) as prise:
        lire_fop_json(f'{{"objet": "{SECRET}"'.encode())
    assert prise.value.__context__ is None
    assert SECRET not in str(prise.value)


# --- JSON ---------------------------------------------------------------------------------------------------


def test_une_marque_d_ordre_des_octets_est_toleree() -> None:
    assert lire_fop_json(b"\xef\xbb\xbf" + ecrire_json(MINIMALE)).objet == MINIMALE["objet"]


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"   ",
        b'{"objet": "x"',
        b"{'objet': 1}",
        b'{"a":1,}',
        b"\xff\xfe",
        b'{"a":"\t"}',
        b"[1 2]",
        b"{}x",
    ],
)
def test_un_json_illisible_est_refuse_en_francais(octets: bytes) -> None:
    (anomalie,) = refuser(lambda: lire_fop_json(octets))
    assert anomalie.code == "json_illisible"
    assert "xpecting" not in str(anomalie)


@pytest.mark.parametrize("ecrit", ["NaN", "Infinity", "-Infinity", "1e99999999999999999999"])
def test_un_nombre_non_fini_est_refuse_avec_son_chemin(ecrit: str) -> None:
    (anomalie,) = refuser(lambda: lire_fop_json(f'{{"lots":[{{"montant_ht":{ecrit}}}]}}'.encode()))
    assert (anomalie.code, anomalie.chemin) == ("hors_bornes", "lots[1].montant_ht")


@pytest.mark.parametrize(
    "ecrit", ["1e400", "1e999999", "9" * 100_000, "-" + "9" * 5_000, "1e-400", "0." + "0" * 10_000 + "1"]
)
def test_un_nombre_json_demesure_est_hors_bornes(ecrit: str) -> None:
    (anomalie,) = refuser(
        lambda: lire_fop_json(f'{{"objet":"x","acheteur":{{"nom":"v"}},"montant_ht":{ecrit}}}'.encode())
    )
    assert (anomalie.code, anomalie.chemin) == ("hors_bornes", "montant_ht")


def test_une_cle_en_double_est_refusee_avec_son_chemin() -> None:
    (anomalie,) = refuser(lambda: lire_fop_json(b'{"objet":"x","lots":[{},{"cpv":"1","cpv":"2"}]}'))
    assert (anomalie.code, anomalie.pointeur) == ("cle_en_double", "/lots/1/cpv")


@pytest.mark.parametrize("profondeur", [PROFONDEUR_MAX + 1, 500, 100_000])
@pytest.mark.parametrize("ouvrante", ["[", '{"a":'])
def test_un_json_trop_profond_est_refuse(profondeur: int, ouvrante: str) -> None:
    fermante = "]" if ouvrante == "[" else "}"
    (anomalie,) = refuser(lambda: lire_fop_json((ouvrante * profondeur + "1" + fermante * profondeur).encode()))
    assert anomalie.code == "trop_profond"


def test_un_json_de_la_profondeur_permise_est_decode() -> None:
    assert decoder_json(b"[" * PROFONDEUR_MAX + b"]" * PROFONDEUR_MAX) is not None


def test_un_corps_trop_gros_est_refuse() -> None:
    (anomalie,) = refuser(lambda: lire_fop_json(b'{"objet":"' + b"a" * 5_000_000 + b'"}'))
    assert (anomalie.code, anomalie.attendu) == ("trop_long", "2 097 152 octets au plus")
    assert decoder_json(b"[" + b" " * TAILLE_MAX_CORPS + b"]", taille_max=2 * TAILLE_MAX_CORPS) == []


def test_le_json_du_contrat_complet_se_relit() -> None:
    fop = lire_fop(composer(montant_ht="12.50", lots=[{"numero": 1, "clauses_env": ["x"]}], pse="oui"))
    assert lire_fop_json(fop.model_dump_json().encode()) == fop


# --- Empreinte ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("montant", [100, 100.0, "100.00", "100", Decimal("1E+2"), Decimal("100.0")])
def test_l_empreinte_ne_depend_pas_de_l_ecriture_d_un_nombre(montant: object) -> None:
    reference = empreinte(lire_fop(composer(montant_ht=100)))
    assert empreinte(lire_fop(composer(montant_ht=montant))) == reference
    assert empreinte(lire_fop(composer(montant_ht="100.01"))) != reference


def test_l_empreinte_ignore_l_ordre_des_cles_et_les_absents() -> None:
    une = lire_fop({"objet": "x", "acheteur": {"nom": "v", "type": "epci"}, "pse": None, "chantier": {}})
    autre = lire_fop({"acheteur": {"type": "EPCI", "nom": " v "}, "objet": "x"})
    assert empreinte(une) == empreinte(autre)
    assert empreinte(une) != empreinte(lire_fop({"objet": "x", "acheteur": {"nom": "v", "type": "epci"}, "lots": []}))


def test_l_empreinte_est_celle_du_json_canonique_publie() -> None:
    fop = lire_fop(composer(montant_ht="59999.90", pse=True, extensions={"b": [None, 1e300], "a": "é"}))
    canonique = (
        '{"acheteur":{"nom":"Valence Romans Agglo"},"extensions":{"a":"\\u00e9","b":[null,1e300]},'
        '"montant_ht":599999e-1,"objet":"R\\u00e9novation de l\'\\u00e9cole","pse":true}'
    )
    assert empreinte(fop) == hashlib.sha256(canonique.encode()).hexdigest()


def test_l_empreinte_d_un_nombre_demesure_ne_le_developpe_pas() -> None:
    fop = lire_fop_json(b'{"objet":"x","acheteur":{"nom":"v"},"extensions":{"a":1e999999999}}')
    assert len(empreinte(fop)) == 64


# --- Propriétés ---------------------------------------------------------------------------------------------

SCALAIRES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.decimals()
    | st.text()
    | st.sampled_from(["oui", "45233000", "2026-01-01", "12.5", "procedure_adaptee", "néant", "\ud800", "\x00"])
)
CLES = (
    st.sampled_from([*Fop.model_fields, "type", "numero", "nom", "poids", "siret", "reponse", "texte", "famille"])
    | st.text()
)
QUELCONQUES = st.recursive(
    SCALAIRES,
    lambda enfants: st.lists(enfants, max_size=4) | st.dictionaries(CLES, enfants, max_size=6),
    max_leaves=30,
)


@settings(max_examples=400, deadline=None)
@given(st.dictionaries(CLES, QUELCONQUES, max_size=12))
def test_du_json_quelconque_donne_une_fop_ou_un_refus(brut: dict[str, Any]) -> None:
    for essai in (brut, composer(**{c: v for c, v in brut.items() if c not in MINIMALE})):
        try:
            fop = lire_fop(essai)
        except FopInvalide as refus:
            assert 0 < len(refus.anomalies) <= ANOMALIES_MAX
            str(refus).encode("utf-8")
        else:
            assert lire_fop(fop.model_dump(exclude_none=True)) == fop
            assert len(empreinte(fop)) == 64


@settings(max_examples=300, deadline=None)
@given(st.binary() | QUELCONQUES.map(lambda v: json.dumps(v, default=str).encode()))
def test_des_octets_quelconques_donnent_une_fop_ou_un_refus(octets: bytes) -> None:
    try:
        lire_fop_json(octets)
    except FopInvalide as refus:
        str(refus).encode("utf-8")


# --- Traduction des erreurs, pour les fiches ----------------------------------------------------------------


class _Feuille(BaseModel):
    model_config = ConfigDict(extra="forbid")
    genre: Literal["feuille"]
    date: str


class _Noeud(BaseModel):
    model_config = ConfigDict(extra="forbid")
    genre: Literal["noeud"]
    enfants: list["_Feuille | _Noeud"] = Field(min_length=1)


class _Fiche(BaseModel):
    model_config = ConfigDict(extra="forbid")
    condition: _Feuille | _Noeud | None = None
    marquee: "_Feuille | _Noeud | None" = Field(default=None, discriminator="genre")
    nombre: float | None = Field(default=None, gt=2)
    jour: date | None = None
    libre: dict[str, int] | None = None


def traduire_fiche(brut: object, **options: Any) -> list[Anomalie]:
    with pytest.raises(ValidationError) as prise:
        _Fiche.model_validate(brut)
    return traduire(prise.value.errors(), montrer_valeur=True, **options)


def test_une_fiche_montre_la_valeur_lue() -> None:
    (anomalie,) = traduire_fiche({"nombre": "vingt"})
    assert str(anomalie).startswith("nombre — nombre attendu, texte « vingt » lu : ")
    (anomalie,) = traduire_fiche({"nombre": -(10**5000)})
    assert anomalie.lu == "entier"
    (anomalie,) = traduire_fiche({"nombre": 1})
    assert (anomalie.attendu, anomalie.lu) == ("valeur strictement supérieure à 2,0", "entier 1")


def test_une_etiquette_d_union_ne_reste_pas_dans_le_chemin() -> None:
    brut = {"condition": {"genre": "noeud", "enfants": [{"genre": "feuille", "date": 3}]}}
    for options in ({}, {"entree": brut}):
        anomalies = traduire_fiche(brut, **options)
        assert all("_Feuille" not in a.chemin and "_Noeud" not in a.chemin for a in anomalies)
        assert "/condition/enfants/0/date" in {a.pointeur for a in anomalies}


def test_une_union_marquee_dit_ses_etiquettes() -> None:
    (anomalie,) = traduire_fiche({"marquee": {"genre": "neud"}}, entree={"marquee": {"genre": "neud"}})
    assert (anomalie.code, anomalie.correction) == ("valeur_hors_liste", "écrire « noeud »")
    (anomalie,) = traduire_fiche({"marquee": {}}, entree={"marquee": {}})
    assert anomalie.code == "obligatoire"


def test_une_cle_inconnue_de_fiche_propose_la_plus_proche() -> None:
    (anomalie,) = traduire_fiche({"nombr": 3}, cles_permises=lambda chemin: _Fiche.model_fields)
    assert anomalie.correction == "écrire « nombre »"


def test_aucun_message_anglais_ne_passe() -> None:
    for genre in (
        int,
        float,
        Decimal,
        date,
        datetime,
        bool,
        bytes,
        list[int],
        dict[str, int],
        set[int],
        complex,
        type,
    ):
        with pytest.raises(ValidationError) as prise:
            TypeAdapter[Any](genre).validate_python(object())
        for anomalie in traduire(prise.value.errors(), montrer_valeur=False):
            assert "nput" not in str(anomalie)
            assert "hould" not in str(anomalie)


def test_le_message_d_un_controle_maison_est_repris() -> None:
    erreur = ValueError("les lignes doivent se suivre ; les remettre en ordre")
    with pytest.raises(ValidationError) as prise:
        raise ValidationError.from_exception_data("x", [{"type": "value_error", "ctx": {"error": erreur}, "input": 1}])
    (anomalie,) = traduire(prise.value.errors(), montrer_valeur=False)
    assert str(anomalie) == "les lignes doivent se suivre : les remettre en ordre"


def test_une_anomalie_de_fichier_commence_par_son_adresse() -> None:
    anomalie = Anomalie(
        "type_attendu",
        "lots[2].cpv",
        "/lots/1/cpv",
        "texte",
        "entier",
        "mettre des guillemets",
        "regles/x.yaml",
        31,
    )
    assert str(anomalie) == "regles/x.yaml:31 lots[2].cpv — texte attendu, entier lu : mettre des guillemets"


def test_un_pointeur_echappe_ses_caracteres() -> None:
    assert ecrire_pointeur(("a/b", "c~d", 0)) == "/a~1b/c~0d/0"


def test_une_entree_invalide_porte_toujours_une_anomalie() -> None:
    with pytest.raises(ValueError, match="au moins une"):
        PaquetInvalide([])
    assert issubclass(PaquetInvalide, EntreesInvalides)
