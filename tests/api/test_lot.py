"""Vérifier plusieurs fiches d'un coup : la faute de l'une ne gêne jamais les autres."""

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from services.api.verifications.service import decouper_lot
from services.regles.verification import Verificateur

Fop = dict[str, Any]
ADRESSE = "/v1/verifications/lot"
JSON = {"content-type": "application/json"}


def _envoyer(client: TestClient, corps: str) -> Any:
    reponse = client.post(ADRESSE, content=corps.encode(), headers=JSON, params={"detail": "essentiel"})
    assert reponse.status_code == 200, reponse.text
    return reponse.json()


def test_chaque_fiche_a_sa_reponse_dans_l_ordre(client: TestClient, fop: Fop) -> None:
    elements = _envoyer(client, json.dumps([fop | {"reference": f"R{rang}"} for rang in range(1, 4)]))
    assert [element["rang"] for element in elements] == [1, 2, 3]
    assert [element["rapport"]["fop"]["reference"] for element in elements] == ["R1", "R2", "R3"]


def test_une_fiche_seule_ou_en_lot_a_le_meme_rapport(client: TestClient, fop: Fop) -> None:
    parametres = {"date_de_reference": "2026-08-20", "detail": "complet"}
    [element] = client.post(ADRESSE, json=[fop], params=parametres).json()
    assert element["rapport"] == client.post("/v1/verifications", json=fop, params=parametres).json()


@pytest.mark.parametrize(
    ("fautive", "statut", "pointeur"),
    [
        ('{"objet": "Achat", "acheteur": {"nom": "Ville"}, "montant_ht": -1}', 422, "/montant_ht"),
        ('{"objet": "Achat", "objet": "Vente", "acheteur": {"nom": "Ville"}}', 422, "/objet"),
        ('{"objet": "Achat", "acheteur": {"nom": "Ville"}, "montant_ht": NaN}', 422, "/montant_ht"),
        ('{"objet": ' + "[" * 40 + "]" * 40 + "}", 422, ""),
        ('{"objet": }', 400, ""),
        ("{]", 400, ""),
        ("", 400, ""),
        ("12", 422, ""),
        ('"a,b]"', 422, ""),
    ],
    ids=["négatif", "clé en double", "NaN", "profonde", "illisible", "crochets", "vide", "nombre", "texte"],
)
def test_une_fiche_fautive_n_empeche_pas_les_autres(
    client: TestClient, fop: Fop, fautive: str, statut: int, pointeur: str
) -> None:
    bonne = json.dumps(fop)
    elements = _envoyer(client, f"[{bonne},{fautive},{bonne}]")
    assert ["rapport" in element for element in elements] == [True, False, True]
    probleme = elements[1]["probleme"]
    assert probleme["status"] == statut
    assert probleme["erreurs"][0]["pointeur"] == pointeur


@pytest.mark.parametrize(
    ("corps", "statut"),
    [
        ("", 400),
        ("[", 400),
        ("[{}", 400),
        ("[{}] x", 400),
        ('[{"objet": "jamais refermé]', 400),
        ("{}", 422),
        ("null", 422),
        ("[]", 422),
        ("[ ]", 422),
        ("[" + ",".join(["{}"] * 201) + "]", 422),
        ("[" * 100_000, 422),
    ],
    ids=[
        "rien", "ouverte", "non fermée", "suite", "guillemet", "objet", "null", "vide", "blanche", "201", "crochets",
    ],
)  # fmt: skip
def test_ce_qui_n_est_pas_une_liste_de_1_a_200_fiches_est_refuse(client: TestClient, corps: str, statut: int) -> None:
    reponse = client.post(ADRESSE, content=corps.encode(), headers=JSON)
    assert reponse.status_code == statut
    assert reponse.headers["content-type"] == "application/problem+json"


def test_deux_cents_fiches_passent(client: TestClient) -> None:
    petite = {"objet": "Achat", "acheteur": {"nom": "Ville"}}
    assert len(_envoyer(client, json.dumps([petite] * 200))) == 200


def test_la_marque_d_ordre_et_les_blancs_sont_toleres() -> None:
    assert decouper_lot(b"\xef\xbb\xbf \n[ {} , [1,[2]] ]\n") == [b" {} ", b" [1,[2]] "]


def test_les_signes_ecrits_dans_un_texte_ne_coupent_rien() -> None:
    texte = r'{"a": "],[{\"\\"}'
    assert decouper_lot(f"[{texte},{texte}]".encode()) == [texte.encode()] * 2


def test_une_panne_sur_une_fiche_n_emporte_pas_le_lot(
    client: TestClient, fop: Fop, monkeypatch: pytest.MonkeyPatch
) -> None:
    vrai = Verificateur.verifier

    def tomber(self: Verificateur, fiche: Any, *suite: Any) -> Any:
        if fiche.reference == "PANNE":
            raise RuntimeError("secret-4217")
        return vrai(self, fiche, *suite)

    monkeypatch.setattr(Verificateur, "verifier", tomber)
    reponse = client.post(ADRESSE, json=[fop, fop | {"reference": "PANNE"}, fop])
    assert [element.get("probleme", {}).get("status") for element in reponse.json()] == [None, 500, None]
    assert "secret-4217" not in reponse.text
