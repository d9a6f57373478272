"""Vérifier une fiche par HTTP."""

import copy
import json
from decimal import Decimal
from typing import Any

import pytest
from pydantic import TypeAdapter
from starlette.testclient import TestClient

from services.api.config import Reglages
from services.api.sortie import ecrire
from services.api.verifications import service
from services.regles.ecriture import ecrire_json
from services.regles.lecture_fop import lire_fop
from services.regles.paquet import charger_paquet
from services.regles.rapport import Rapport
from services.regles.verification import Verificateur

Fop = dict[str, Any]
ADRESSE = "/v1/verifications"


def test_une_fiche_entre_un_rapport_sort(client: TestClient, fop: Fop) -> None:
    reponse = client.post(ADRESSE, json=fop)
    rapport = reponse.json()
    assert reponse.status_code == 200
    assert reponse.headers["content-type"] == "application/json"
    assert rapport["syntheses"]["loi"]["etat"] == "defavorable"
    assert {c["lot"] for c in rapport["constats"] if c["regle"] == "CCP-ENV-CRITERE"} == {"1", "2"}
    clauses = {clause["id"] for clause in rapport["clauses"]}
    assert {"RC-CRITERE-ENV-MOBILIER-01", "RC-CRITERE-ENV-NETTOYAGE-01"} <= clauses


def test_le_rapport_est_celui_de_la_bibliotheque(client: TestClient, fop: Fop) -> None:
    verificateur = Verificateur(charger_paquet(Reglages().regles))
    attendu = verificateur.verifier(lire_fop(copy.deepcopy(fop)), detail="essentiel")
    verificateur.fermer()
    assert client.post(ADRESSE, json=fop).content == ecrire_json(attendu) == ecrire(attendu)


def test_le_rapport_suit_le_schema_publie(client: TestClient, fop: Fop) -> None:
    relu = TypeAdapter(Rapport).validate_json(client.post(ADRESSE, json=fop).content)
    assert relu.fop.reference == "FOP-2026-001"


def test_un_montant_du_rapport_est_un_texte_exact(client: TestClient, fop: Fop) -> None:
    corps = json.dumps(fop | {"montant_ht": 0}).replace('"montant_ht": 0,', '"montant_ht": 221000.07,')
    traces = _lister_lus(client, corps.encode(), "montant_ht")
    assert Decimal("221000.07") in {Decimal(lu) for lu in traces if isinstance(lu, str)}


def _lister_lus(client: TestClient, corps: bytes, chemin: str) -> list[Any]:
    entetes = {"content-type": "application/json"}
    rapport = client.post(ADRESSE, params={"detail": "complet"}, content=corps, headers=entetes).json()
    return [
        controle["lu"]
        for constat in rapport["constats"]
        for controle in constat["trace"] or ()
        if controle["chemin"] == chemin
    ]


def test_le_20_aout_2026_simule_le_prix_seul_n_est_pas_encore_un_ecart(client: TestClient, fop: Fop) -> None:
    veille = client.post(ADRESSE, params={"date_de_reference": "2026-08-20"}, json=fop).json()
    jour = client.post(ADRESSE, params={"date_de_reference": "2026-08-21"}, json=fop).json()
    assert veille["simulation"] and veille["date_de_reference"] == "2026-08-20"
    assert _verdicts(veille, "CCP-ENV-CRITERE") == {"hors_periode"}
    assert _verdicts(jour, "CCP-ENV-CRITERE") == {"ecart"}


def _verdicts(rapport: dict[str, Any], regle: str) -> set[str]:
    return {constat["verdict"] for constat in rapport["constats"] if constat["regle"] == regle}


def test_l_essentiel_rend_les_memes_verdicts_sans_les_traces(client: TestClient, fop: Fop) -> None:
    essentiel = client.post(ADRESSE, params={"detail": "essentiel"}, json=fop).json()
    complet = client.post(ADRESSE, params={"detail": "complet"}, json=fop).json()
    assert essentiel == client.post(ADRESSE, json=fop).json()
    assert {constat["trace"] is None for constat in essentiel["constats"]} == {True}
    assert [(c["regle"], c["lot"], c["verdict"]) for c in essentiel["constats"]] == [
        (c["regle"], c["lot"], c["verdict"]) for c in complet["constats"]
    ]


def test_une_grande_fiche_passe_par_l_executeur_et_rend_la_meme_chose(
    client: TestClient, fop: Fop, monkeypatch: pytest.MonkeyPatch
) -> None:
    dans_la_boucle = client.post(ADRESSE, json=fop).content
    assert service.etre_legere(json.dumps(fop).encode())
    monkeypatch.setattr(service, "OBJETS_LEGERS", 1)
    assert not service.etre_legere(json.dumps(fop).encode())
    assert client.post(ADRESSE, json=fop).content == dans_la_boucle


def test_cinq_cents_lots_se_jugent(client: TestClient, fop: Fop) -> None:
    lots = [{"numero": str(numero), "cpv": "39130000"} for numero in range(1, 501)]
    reponse = client.post(ADRESSE, params={"detail": "essentiel"}, json=fop | {"lots": lots})
    assert reponse.status_code == 200


def test_la_reponse_dit_quel_paquet_a_juge(client: TestClient, fop: Fop) -> None:
    reponse = client.post(ADRESSE, json=fop)
    paquet = reponse.json()["paquet"]
    assert reponse.headers["x-paquet"] == f"{paquet['version']} {paquet['empreinte']}"


@pytest.mark.parametrize(
    ("recu", "rendu"),
    [("abc-123", "abc-123"), ("a b\tc", "abc"), ("x" * 200, "x" * 64)],
    ids=["simple", "caractères écartés", "trop long"],
)
def test_l_identifiant_de_requete_recu_revient_borne(client: TestClient, recu: str, rendu: str) -> None:
    assert client.get("/sante/vivant", headers={"x-request-id": recu}).headers["x-request-id"] == rendu


def test_sans_identifiant_de_requete_chaque_reponse_en_recoit_un_neuf(client: TestClient) -> None:
    donnes = {client.get("/sante/vivant").headers["x-request-id"] for _ in range(3)}
    assert len(donnes) == 3
    assert all(len(donne) == 32 for donne in donnes)


@pytest.mark.parametrize("annonce", ["application/json", "Application/JSON; charset=utf-8", "application/x+json"])
def test_le_json_s_annonce_de_plusieurs_facons(client: TestClient, fop: Fop, annonce: str) -> None:
    corps = json.dumps(fop).encode()
    assert client.post(ADRESSE, content=corps, headers={"content-type": annonce}).status_code == 200
