"""La description publiée : à jour, complète, en français."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from services.api.application import creer_application
from services.api.config import Reglages
from services.api.exemples import lister_exemples
from services.api.openapi import DOSSIER, engendrer, publier

Schema = dict[str, Any]
Confronter = Callable[[Any, Any], list[str]]
COMMANDE = "python -m services.api.openapi"


@pytest.fixture(scope="module")
def document() -> Schema:
    return creer_application(Reglages()).openapi()


def _lister_operations(document: Schema) -> Iterator[tuple[str, Schema]]:
    for adresse, operations in document["paths"].items():
        for methode, operation in operations.items():
            yield f"{methode} {adresse}", operation


def test_les_fichiers_publies_sont_ceux_du_code() -> None:
    for nom, contenu in engendrer(creer_application(Reglages())).items():
        publie = DOSSIER / nom
        assert publie.exists() and publie.read_text(encoding="utf-8") == contenu, f"{nom} : lancer « {COMMANDE} »"


def test_publier_ecrit_les_trois_fichiers(tmp_path: Path) -> None:
    assert {chemin.name for chemin in publier(tmp_path / "openapi")} == {
        "openapi.json",
        "fop.schema.json",
        "fiche-regle.schema.json",
    }


def test_le_document_servi_est_le_document_publie(client: TestClient, document: Schema) -> None:
    assert client.get("/openapi.json").json() == json.loads(json.dumps(document))


def test_chaque_operation_est_decrite(document: Schema) -> None:
    etiquettes = {etiquette["name"] for etiquette in document["tags"]}
    for nom, operation in _lister_operations(document):
        assert operation["summary"] and operation["description"], nom
        assert set(operation["tags"]) <= etiquettes, nom
        for parametre in operation.get("parameters", ()):
            assert parametre["description"], (nom, parametre["name"])
            assert "anyOf" not in parametre["schema"], (nom, parametre["name"])
        for statut, reponse in operation["responses"].items():
            assert reponse["description"], (nom, statut)


def test_chaque_operation_decrit_ses_refus_en_problem_json(document: Schema) -> None:
    for nom, operation in _lister_operations(document):
        reponses = operation["responses"]
        assert "default" in reponses, nom
        for statut in set(reponses) - {"200"}:
            [(type_de_contenu, contenu)] = reponses[statut]["content"].items()
            assert type_de_contenu == "application/problem+json", (nom, statut)
            assert contenu["schema"] == {"$ref": "#/components/schemas/Probleme"}, (nom, statut)


def test_aucun_schema_anglais_du_cadre_ne_reste(document: Schema) -> None:
    assert not {"HTTPValidationError", "ValidationError"} & set(document["components"]["schemas"])


def test_chaque_champ_de_chaque_schema_est_decrit(document: Schema) -> None:
    muets = [
        f"{nom}.{champ}"
        for nom, schema in document["components"]["schemas"].items()
        for champ, sous in schema.get("properties", {}).items()
        if not sous.get("description")
    ]
    assert muets == []


def test_chaque_renvoi_mene_quelque_part(document: Schema) -> None:
    def lister_renvois(noeud: Any) -> Iterator[str]:
        if isinstance(noeud, dict):
            if isinstance(noeud.get("$ref"), str):
                yield noeud["$ref"]
            for enfant in noeud.values():
                yield from lister_renvois(enfant)
        elif isinstance(noeud, list):
            for enfant in noeud:
                yield from lister_renvois(enfant)

    for renvoi in set(lister_renvois(document)):
        cible: Any = document
        for partie in renvoi.removeprefix("#/").split("/"):
            assert partie in cible, renvoi
            cible = cible[partie]


def test_le_corps_est_la_fop_decrite_champ_par_champ(document: Schema) -> None:
    corps = document["paths"]["/v1/verifications"]["post"]["requestBody"]
    assert corps["required"] is True
    assert corps["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Fop"}
    montant = document["components"]["schemas"]["Fop"]["properties"]["montant_ht"]
    assert montant["description"] and montant["examples"] and montant["unite"]


def test_le_menu_propose_au_moins_six_fiches(document: Schema) -> None:
    exemples = document["paths"]["/v1/verifications"]["post"]["requestBody"]["content"]["application/json"]["examples"]
    assert len(exemples) >= 6
    resumes = [exemple["summary"] for exemple in exemples.values()]
    assert len(set(resumes)) == len(resumes)


def test_chaque_exemple_du_menu_s_execute(client: TestClient, document: Schema) -> None:
    for adresse in ("/v1/verifications", "/v1/verifications/lot"):
        exemples = document["paths"][adresse]["post"]["requestBody"]["content"]["application/json"]["examples"]
        for nom, exemple in exemples.items():
            assert client.post(adresse, json=exemple["value"]).status_code == 200, nom


def test_un_exemple_ecrit_librement_est_montre_sous_sa_forme_canonique(exemples: Path) -> None:
    seule, libre = lister_exemples(exemples)
    assert (seule.nom, libre.nom) == ("a-prix-seul", "b-libre")
    assert libre.fop["procedure"] == "appel_offres_ouvert"
    assert seule.resume == "Mobilier et nettoyage (a-prix-seul)"
    assert libre.resume.endswith("… (b-libre)") and len(libre.resume) <= 100
    assert seule.fop["lots"][0]["montant_ht"] == 150000


def test_sans_exemple_la_description_reste_servie(tmp_path: Path) -> None:
    document = creer_application(Reglages(exemples=tmp_path / "rien")).openapi()
    corps = document["paths"]["/v1/verifications"]["post"]["requestBody"]["content"]["application/json"]
    assert "examples" not in corps


def _lire_reponse(document: Schema, adresse: str, methode: str = "get") -> Schema:
    contenu: Schema = document["paths"][adresse][methode]["responses"]["200"]["content"]["application/json"]
    return contenu


def test_chaque_exemple_suit_son_schema(document: Schema, confronter: Confronter) -> None:
    for nom, operation in _lister_operations(document):
        corps = [operation["requestBody"]] if "requestBody" in operation else []
        for porteur in [*operation["responses"].values(), *corps]:
            for contenu in porteur["content"].values():
                exemples = [exemple["value"] for exemple in contenu.get("examples", {}).values()]
                for exemple in [*exemples, *([contenu["example"]] if "example" in contenu else [])]:
                    assert confronter(contenu["schema"], json.loads(json.dumps(exemple))) == [], nom


def test_chaque_reponse_suit_son_schema(client: TestClient, document: Schema, confronter: Confronter) -> None:
    regles = [regle["id"] for regle in client.get("/v1/regles").json()["regles"]]
    clauses = [clause["id"] for clause in client.get("/v1/clauses").json()["clauses"]]
    referentiels = client.get("/v1/paquet").json()["referentiels"]
    adresses = {
        "/v1/regles": [""],
        "/v1/regles/{id}": regles,
        "/v1/clauses": ["", "?theme=critere_environnemental"],
        "/v1/couverture": ["", "?spaser=drome_2025_2028&prise_en_charge=regle"],
        "/v1/clauses/{id}": clauses,
        "/v1/referentiels/{nom}": referentiels,
        "/v1/parametres": ["", "?date=2026-09-15", "?date=2035-01-01"],
        "/v1/paquet": [""],
        "/sante/pret": [""],
        "/sante/vivant": [""],
    }
    assert {adresse for adresse, operations in document["paths"].items() if "get" in operations} == set(adresses)
    for adresse, suites in adresses.items():
        for suite in suites:
            lue = client.get(adresse.partition("{")[0] + suite)
            assert confronter(_lire_reponse(document, adresse)["schema"], lue.json()) == [], adresse + suite


@pytest.mark.parametrize("detail", ["essentiel", "complet"])
def test_chaque_rapport_d_exemple_suit_le_schema(
    client: TestClient, document: Schema, confronter: Confronter, detail: str
) -> None:
    fops = [exemple.fop for exemple in lister_exemples(Reglages().exemples)]
    reponse = client.post("/v1/verifications/lot", params={"detail": detail}, json=[*fops, {"objet": 3}])
    assert confronter(_lire_reponse(document, "/v1/verifications/lot", "post")["schema"], reponse.json()) == []
