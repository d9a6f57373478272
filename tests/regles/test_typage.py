"""Typer les conditions : chaque mauvaise combinaison est une faute L04, jamais un arbre."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from services.regles.champs import CHAMPS
from services.regles.conditions import Condition, Feuille, Noeud, Quantificateur, lire_date, parcourir
from services.regles.operateurs import OPERATEURS
from services.regles.parametres import Parametre
from services.regles.typage import typer
from tests.moteurs.atelier import fabriquer_contexte, relever_fautes, typer_condition

CHEMINS = {
    "booleen": "innovant",
    "nombre": "montant_ht",
    "enumere": "nature",
    "texte": "justification_duree",
    "cpv": "cpv",
    "date": "date_limite_offres",
    "liste": "publicites",
    "objet": "allotissement",
}
OPERANDES: dict[str, Any] = {
    "valeur": 3,
    "nombre": 3,
    "date": "2026-01-01",
    "valeurs": [3],
    "prefixes": ["45"],
    "booleen": True,
    "entier": 1,
}
VALEURS: dict[str, Any] = {
    "booleen": True,
    "nombre": 3,
    "enumere": "travaux",
    "texte": "abc",
    "cpv": "45000000",
    "liste": "joue",
}


def _lister_combinaisons() -> Iterator[tuple[str, str, bool]]:
    for nom, operateur in OPERATEURS.items():
        for genre in CHEMINS:
            yield nom, genre, genre in operateur.genres


def _ecrire(operateur: str, genre: str) -> dict[str, Any]:
    attente = OPERATEURS[operateur].attente
    operande = OPERANDES[attente]
    if attente == "valeur":
        operande = VALEURS.get(genre, "abc")
    elif attente == "valeurs":
        operande = [VALEURS.get(genre, "abc")]
    return {"fait": CHEMINS[genre], operateur: operande}


@pytest.mark.parametrize(("operateur", "genre", "permis"), list(_lister_combinaisons()))
def test_chaque_operateur_n_admet_que_ses_genres(operateur: str, genre: str, permis: bool) -> None:
    assert relever_fautes(_ecrire(operateur, genre)) == ([] if permis else ["L04"])


@pytest.mark.parametrize(
    "ecrite",
    [
        {"fait": "montant_htt", "egal": 1},
        {"fait": "extensions.secret", "egal": 1},
        {"fait": "", "egal": 1},
        {"fait": ".cpv", "egal": "45000000"},
        {"fait": ".", "egal": 1},
        {"fait": "nature", "egal": "travau"},
        {"fait": "nature", "egal": True},
        {"fait": "nature", "egal": 1},
        {"fait": "nature", "parmi": ["travaux", "travo"]},
        {"fait": "innovant", "egal": "oui"},
        {"fait": "innovant", "egal": 1},
        {"fait": "montant_ht", "egal": "10"},
        {"fait": "montant_ht", "egal": True},
        {"fait": "montant_ht", "moins_de": Decimal("10.001")},
        {"fait": "duree_mois", "moins_de": Decimal("1.0001")},
        {"fait": "avance_taux", "moins_de": Decimal("0.0000001")},
        {"fait": "delai_reception_jours", "egal": Decimal("1.5")},
        {"fait": "justification_duree", "egal": 3},
        {"fait": "cpv", "egal": 45000000},
        {"fait": "date_limite_offres", "a_partir_du": "2026-02-30"},
        {"fait": "date_limite_offres", "a_partir_du": "20260801"},
        {"fait": "date_limite_offres", "avant": "2026-8-1"},
        {"fait": "date_limite_offres", "avant": "01/08/2026"},
        {"fait": "cpv", "commence_par": {"referentiel": "familles_agec.jouets"}},
        {"fait": "cpv", "commence_par": {"referentiel": "rien"}},
        {"fait": "publicites", "contient": "presse"},
        {"fait": "publicites", "contient": 1},
        {"pour_un": "montant_ht", "verifie": {"fait": ".type", "egal": "x"}},
        {"pour_un": "rien", "verifie": {"fait": ".type", "egal": "prix"}},
        {"pour_un": "criteres", "verifie": {"fait": ".cpv", "egal": "45000000"}},
        {"pour_chaque": "criteres", "verifie": {"fait": ".type", "egal": "prixx"}},
        {"pour_un": "lots_effectifs", "verifie": {"pour_un": ".criteress", "verifie": {"fait": ".nom", "egal": "x"}}},
        {"pour_un": ".criteres", "verifie": {"fait": ".type", "egal": "prix"}},
    ],
)
def test_une_mauvaise_ecriture_est_une_faute_l04(ecrite: dict[str, Any]) -> None:
    contexte = fabriquer_contexte()
    assert typer(TypeAdapter[Any](Condition).validate_python(ecrite), contexte, ()) is None
    assert [faute.code for faute in contexte.fautes] == ["L04"]
    assert contexte.fautes[0].attendu and contexte.fautes[0].correction


def test_toutes_les_fautes_d_une_condition_sont_relevees_avec_leur_lieu() -> None:
    contexte = fabriquer_contexte()
    ecrite = {
        "toutes": [
            {"fait": "rien", "egal": 1},
            {"une_de": [{"fait": "nature", "egal": "x"}, {"fait": "innovant", "egal": True}]},
            {"pour_un": "criteres", "verifie": {"fait": ".typ", "egal": "prix"}},
        ]
    }
    assert typer(TypeAdapter[Any](Condition).validate_python(ecrite), contexte, ("exige",)) is None
    assert [faute.ou for faute in contexte.fautes] == [
        ("exige", "toutes", 0, "fait"),
        ("exige", "toutes", 1, "une_de", 0, "egal"),
        ("exige", "toutes", 2, "verifie", "fait"),
    ]


@pytest.mark.parametrize(
    "ecrite",
    [
        {"fait": "montant_ht"},
        {"fait": "montant_ht", "egal": 1, "moins_de": 2},
        {"fait": "montant_ht", "egal": None},
        {"fait": "montant_ht", "superieur": 1},
        {"toutes": []},
        {"une_de": []},
        {"fait": "nature", "parmi": []},
        {"toutes": [{"fait": "innovant", "egal": True}], "une_de": [{"fait": "innovant", "egal": True}]},
        {"pour_un": "criteres"},
        {"verifie": {"fait": "innovant", "egal": True}},
        {"fait": "criteres", "nombre_egal": -1},
        {"fait": "criteres", "nombre_egal": True},
        {"fait": "criteres", "nombre_egal": Decimal("1.5")},
        {"fait": "innovant", "renseigne": "oui"},
        {"fait": "innovant", "renseigne": 1},
        {"fait": "montant_ht", "moins_de": "40000"},
        {"fait": "montant_ht", "moins_de": True},
        {"fait": "montant_ht", "moins_de": {"parametr": "seuil"}},
        {"fait": "montant_ht", "egal": {"parametre": "seuil"}},
        {"fait": "cpv", "commence_par": "45"},
        {"fait": "cpv", "commence_par": [45]},
        {"fait": "montant_ht", "egal": 1.5},
        {"fait": ["montant_ht"], "egal": 1},
        [],
        "montant_ht > 3",
        None,
        3,
    ],
)
def test_une_forme_inconnue_du_langage_est_refusee_avant_le_typage(ecrite: Any) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter[Any](Condition).validate_python(ecrite)


def test_dans_un_lot_le_point_lit_le_lot_et_dans_une_liste_son_element() -> None:
    contexte = fabriquer_contexte(lot=True)
    arbre = typer_condition(
        {
            "toutes": [
                {"fait": ".cpv", "egal": "45000000"},
                {"pour_un": ".criteres", "verifie": {"fait": ".type", "egal": "prix"}},
                {"pour_un": "criteres", "verifie": {"fait": ".type", "egal": "prix"}},
            ]
        },
        contexte,
    )
    assert isinstance(arbre, Noeud)
    chemins = [(n.lecture if isinstance(n, Feuille) else n.liste).champ.chemin for n in parcourir(arbre)]
    assert chemins == ["lots[].cpv", "lots[].criteres", "lots[].criteres[].type", "criteres", "criteres[].type"]


@pytest.mark.parametrize("liste", ["lots", "lots_effectifs"])
def test_une_regle_de_consultation_parcourt_les_lots(liste: str) -> None:
    arbre = typer_condition({"pour_un": liste, "verifie": {"fait": ".est_sans_concurrence", "egal": True}})
    assert isinstance(arbre, Quantificateur)
    assert isinstance(arbre.verifie, Feuille)
    assert arbre.verifie.lecture.champ.chemin == "lots[].est_sans_concurrence"


def test_une_regle_de_lot_ne_lit_pas_la_date_avec_un_point() -> None:
    assert relever_fautes({"fait": ".date_de_reference", "avant": "2026-01-01"}, fabriquer_contexte(lot=True)) == [
        "L04"
    ]
    assert relever_fautes({"fait": "date_de_reference", "avant": "2026-01-01"}, fabriquer_contexte(lot=True)) == []


def _fabriquer_parametre(valeur: object, unite: str = "EUR_HT") -> Parametre:
    return Parametre.model_validate(
        {
            "libelle": "Seuil",
            "unite": unite,
            "apres_la_derniere_valeur": "erreur",
            "verifie_le": "2026-11-21",
            "valeurs": [
                {
                    "depuis": "2020-01-01",
                    "valeur": "a_renseigner" if valeur is None else valeur,
                    "confiance": "haute",
                    "texte": "T",
                    "article": "1",
                    "parution": None,
                    "provenance": "C",
                }
            ],
        }
    )


def _comparer_au_parametre(fait: str, parametre: Parametre) -> list[str]:
    contexte = fabriquer_contexte(alias={"seuil": "essai.seuil"}, parametres={"essai.seuil": parametre})
    return relever_fautes({"fait": fait, "moins_de": {"parametre": "seuil"}}, contexte)


@pytest.mark.parametrize(
    ("valeur", "fautes"),
    [(Decimal("40000"), []), (Decimal("40000.01"), []), (Decimal("40000.001"), ["L04"]), (True, ["L04"]), (None, [])],
)
def test_un_parametre_tient_dans_l_echelle_de_la_donnee(valeur: object, fautes: list[str]) -> None:
    assert _comparer_au_parametre("montant_ht", _fabriquer_parametre(valeur)) == fautes


@pytest.mark.parametrize(
    ("fait", "valeur", "unite"),
    [("avance_taux", 20, "part"), ("montant_ht", 10**18, "EUR_HT"), ("montant_ht", -1, "EUR")],
)
def test_un_parametre_tient_dans_les_bornes_de_la_donnee(fait: str, valeur: int, unite: str) -> None:
    assert _comparer_au_parametre(fait, _fabriquer_parametre(valeur, unite)) == ["L04"]


@pytest.mark.parametrize(
    ("fait", "unite"), [("duree_mois", "EUR_HT"), ("montant_ht", "mois"), ("avance_taux", "jours")]
)
def test_un_parametre_a_l_unite_de_la_donnee(fait: str, unite: str) -> None:
    assert _comparer_au_parametre(fait, _fabriquer_parametre(1, unite)) == ["L04"]


def test_un_alias_non_declare_est_une_faute_l05() -> None:
    assert relever_fautes({"fait": "montant_ht", "moins_de": {"parametre": "seuil"}}) == ["L05"]


@pytest.mark.parametrize(
    ("chemin", "supposee", "ecrite", "fautes"),
    [
        ("forme", "ordinaire", {"fait": "forme", "egal": "tranches"}, []),
        ("forme", "ordinair", {"fait": "forme", "egal": "tranches"}, ["L04"]),
        ("innovant", False, {"fait": "innovant", "egal": True}, []),
        ("innovant", "non", {"fait": "innovant", "egal": True}, ["L04"]),
        ("montant_ht", 0, {"fait": "montant_ht", "moins_de": 3}, []),
        ("montant_ht", Decimal("0.001"), {"fait": "montant_ht", "moins_de": 3}, ["L04"]),
        ("labels_exiges", [], {"fait": "labels_exiges", "nombre_au_moins": 1}, []),
    ],
)
def test_une_supposition_est_de_la_forme_de_la_donnee(
    chemin: str, supposee: Any, ecrite: dict[str, Any], fautes: list[str]
) -> None:
    assert relever_fautes(ecrite, fabriquer_contexte(suppositions={chemin: supposee})) == fautes


def test_chaque_donnee_du_catalogue_se_type_avec_renseigne_ou_est_un_objet() -> None:
    for chemin, champ in CHAMPS.items():
        if "[]" not in chemin:
            fautes = relever_fautes({"fait": chemin, "renseigne": True})
            assert fautes == (["L04"] if champ.genre == "objet" else []), chemin


@pytest.mark.parametrize(
    ("texte", "valide"),
    [("2026-08-21", True), ("2026-02-29", False), ("2024-02-29", True), ("20260821", False)],
)
def test_une_date_se_lit_au_format_iso_seul(texte: str, valide: bool) -> None:
    assert (lire_date(texte) is not None) is valide


# ---------------------------------------------------------------------------------------- défauts trouvés en test


@pytest.mark.parametrize("chemin", ["lots[].cpv", "criteres[].type", "lots[].criteres[].poids"])
def test_un_chemin_de_liste_lu_sans_quantificateur_est_une_faute(chemin: str) -> None:
    assert relever_fautes({"fait": chemin, "renseigne": True}) == ["L04"]


def test_une_date_de_semaine_n_est_pas_une_date_ecrite_annee_mois_jour() -> None:
    assert lire_date("2026-W34-5") is None


@pytest.mark.parametrize(
    "prefixes", [[], [""], ["4A"], ["4"], ["450000000"]], ids=["vide", "rien", "lettre", "un", "neuf"]
)
def test_un_prefixe_impossible_est_une_faute(prefixes: list[str]) -> None:
    """`[]` n'est jamais vrai, `[""]` l'est toujours, « 450000000 » ne désigne aucun code."""
    assert relever_fautes({"fait": "cpv", "commence_par": prefixes}) == ["L04"]


@pytest.mark.parametrize("code", ["45", "450000000", "abc"])
def test_un_cpv_compare_a_autre_chose_qu_un_code_est_une_faute(code: str) -> None:
    assert relever_fautes({"fait": "cpv", "egal": code}) == ["L04"]


def test_contient_ne_vaut_que_pour_une_liste_de_textes() -> None:
    assert relever_fautes({"fait": "criteres", "contient": "prix"}) == ["L04"]


@pytest.mark.parametrize("supposee", [False, "abc", {"a": 1}])
def test_une_liste_supposee_est_une_liste(supposee: Any) -> None:
    contexte = fabriquer_contexte(suppositions={"labels_exiges": supposee})
    assert relever_fautes({"fait": "labels_exiges", "nombre_au_moins": 1}, contexte) == ["L04"]


@pytest.mark.parametrize(
    "ecrite",
    [
        {"fait": "avance_taux", "au_moins": 20},
        {"fait": "montant_ht", "moins_de": -1},
        {"fait": "montant_ht", "egal": 10**18},
    ],
)
def test_une_borne_que_la_donnee_ne_peut_atteindre_est_une_faute(ecrite: dict[str, Any]) -> None:
    assert relever_fautes(ecrite) == ["L04"]
