"""Le catalogue des champs et le schéma publié, tous deux déduits du modèle."""

import json
import re
from typing import Any

import pytest

from services.regles.champs import CHAMPS, Champ, schema_fop
from services.regles.fop import Fop, lire_fop

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
    assert "reemploi" in CHAMPS["specifications_env"].valeurs
    assert CHAMPS["criteres"].valeurs == ()


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
    assert {"type": "boolean"} in reponse
    assert {"type": "string"} in schema["properties"]["clauses_env"]["anyOf"][0]["items"]["anyOf"]


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
