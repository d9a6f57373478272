"""Le catalogue des champs et le schéma publié, tous deux déduits du modèle."""

import json
import re
from typing import Any

import pytest

from services.regles.champs import CHAMPS, Champ, lister_cles, schema_fop
from services.regles.fiches import Fiche
from services.regles.fop import Fop, Lot
from services.regles.lecture_fop import lire_fop

MINIMALE: dict[str, Any] = {"objet": "x", "acheteur": {"nom": "v"}}
TOUS = pytest.mark.parametrize("champ", CHAMPS.values(), ids=lambda champ: champ.chemin)


@TOUS
def test_chaque_champ_dit_ce_qu_il_est(champ: Champ) -> None:
    assert champ.description.endswith(".")
    assert champ.exemple is not None
    assert champ.question is not None
    assert champ.question.endswith(" ?")
    assert not re.search(r"\bNone\b", champ.question)


@TOUS
def test_chaque_exemple_est_lisible(champ: Champ) -> None:
    brut = placer(champ.chemin, champ.exemple)
    lire_fop({**MINIMALE, **brut, "acheteur": {**MINIMALE["acheteur"], **brut.get("acheteur", {})}})


@TOUS
def test_seul_un_nombre_a_une_echelle_et_seul_un_enumere_des_valeurs(champ: Champ) -> None:
    assert (champ.decimales is not None) == (champ.genre == "nombre")
    if champ.genre == "enumere":
        assert champ.valeurs
    elif champ.genre != "liste":
        assert champ.valeurs == ()


def placer(chemin: str, valeur: object) -> dict[str, Any]:
    for partie in reversed(chemin.split(".")):
        valeur = {partie.removesuffix("[]"): [valeur] if partie.endswith("[]") else valeur}
    assert isinstance(valeur, dict)
    return valeur


@pytest.mark.parametrize(
    ("chemin", "genre", "decimales"),
    [
        ("montant_ht", "nombre", 2),
        ("avance_taux", "nombre", 6),
        ("criteres[].poids", "nombre", 4),
        ("lots[].criteres[].poids", "nombre", 4),
        ("duree_mois", "nombre", 3),
        ("delai_reception_jours", "nombre", 0),
        ("acheteur.siret", "texte", None),
        ("lots", "liste", None),
        ("lots[].cpv", "cpv", None),
        ("lots[].reservation.type", "enumere", None),
        ("lots[].egalim.part_bio", "nombre", 6),
        ("cpv_secondaires", "liste", None),
        ("publicites", "liste", None),
        ("questionnaire.insertion_etudiee", "objet", None),
        ("questionnaire.insertion_etudiee.reponse", "booleen", None),
        ("questionnaire.insertion_etudiee.motif", "texte", None),
        ("biodiversite", "texte", None),
        ("chantier.surface_plancher_m2", "nombre", 2),
        ("resultat.depenses_agec[].famille", "enumere", None),
        ("derogations[].date", "date", None),
        ("livre", "enumere", None),
    ],
)
def test_un_champ_connu_a_son_genre(chemin: str, genre: str, decimales: int | None) -> None:
    assert (CHAMPS[chemin].genre, CHAMPS[chemin].decimales) == (genre, decimales)


def test_une_liste_d_enumeres_porte_leurs_valeurs() -> None:
    assert "boamp" in CHAMPS["publicites"].valeurs
    assert CHAMPS["criteres"].valeurs == CHAMPS["specifications_env"].valeurs == ()


def test_une_specification_se_decrit_comme_une_clause() -> None:
    for cle in ("type", "texte", "verifiable", "penalite"):
        clause, specification = CHAMPS[f"clauses_env[].{cle}"], CHAMPS[f"specifications_env[].{cle}"]
        assert (specification.genre, specification.valeurs) == (clause.genre, clause.valeurs)


@pytest.mark.parametrize("nom", sorted(set(Lot.model_fields) - {"numero", "objet", "montant_ht"}))
def test_ce_qu_un_lot_tient_de_la_consultation_s_y_decrit_pareil(nom: str) -> None:
    du_lot, general = CHAMPS[f"lots[].{nom}"], CHAMPS[nom]
    assert (du_lot.description, du_lot.question, du_lot.exemple) == (
        general.description,
        general.question,
        general.exemple,
    )


def test_les_cles_permises_suivent_le_modele() -> None:
    assert "cpv" in lister_cles(Fop, ("lots", 3))
    assert set(lister_cles(Fop, ("questionnaire", "insertion_etudiee"))) == {"reponse", "motif"}
    assert lister_cles(Fop, ("objet", "x")) == lister_cles(Fop, ("inconnu",)) == lister_cles(Fop, (3,)) == ()


def test_les_cles_permises_d_une_fiche_traversent_listes_tables_et_conditions() -> None:
    assert {"toutes", "au_moins"} <= set(lister_cles(Fiche, ("exige", "toutes", 0, "verifie")))
    assert set(lister_cles(Fiche, ("donnees", "criteres"))) == {"question", "si_absent"}
    assert "url" in lister_cles(Fiche, ("references", 2))


def test_une_reponse_se_demande_avec_les_mots_de_sa_question() -> None:
    assert CHAMPS["questionnaire.insertion_etudiee.reponse"].question == "L'insertion a-t-elle été étudiée ?"


def test_les_extensions_ne_sont_pas_au_catalogue() -> None:
    assert not any(chemin.startswith("extensions") for chemin in CHAMPS)


def test_le_catalogue_couvre_chaque_champ_du_modele() -> None:
    assert {chemin for chemin in CHAMPS if "." not in chemin} == set(Fop.model_fields) - {"extensions"}


def test_le_schema_publie_est_du_json_schema_2020_12() -> None:
    schema = schema_fop()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"].startswith("urn:")
    assert schema["required"] == ["objet", "acheteur"]
    assert schema["additionalProperties"] is False
    assert json.loads(json.dumps(schema)) == schema


def test_le_schema_dit_les_formes_courtes() -> None:
    schema = schema_fop()
    reponse = schema["$defs"]["Questionnaire"]["properties"]["insertion_etudiee"]["anyOf"]
    assert [forme.get("type") for forme in reponse] == ["boolean", None, "null"]
    for champ in ("clauses_env", "specifications_env", "clauses_soc"):
        courte, objet = schema["properties"][champ]["anyOf"][0]["items"]["anyOf"]
        assert courte["type"] == "string"
        assert courte["description"] == "Valeur seule : remplit `type` si elle y est admise, sinon `texte`."
        assert "type" in schema["$defs"][objet["$ref"].removeprefix("#/$defs/")]["properties"]


def test_le_schema_porte_descriptions_unites_et_exemples() -> None:
    montant = schema_fop()["properties"]["montant_ht"]
    assert montant["description"]
    assert montant["examples"] == ["480000.00"]
    assert montant["unite"] == "EUR_HT"
    assert montant["question"].endswith("?")
    assert "title" not in montant
    texte = next(forme for forme in montant["anyOf"] if forme["type"] == "string")
    assert re.search(texte["pattern"], "59999.90")
    assert not re.search(texte["pattern"], "59 999,90")
