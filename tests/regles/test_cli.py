"""La ligne de commande : codes de sortie, JSON valide, 80 colonnes, jamais une trace Python."""

import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner, Result

from services.api.cli import principal
from services.regles import cli
from services.regles.affichage import LARGEUR
from services.regles.cli import Code, application
from services.regles.fop import TAILLE_MAX_CORPS
from services.regles.moteur import durable
from services.regles.moteur.direct import MoteurDirect
from services.regles.moteur.port import CONFORME, ECART, Jugement, Situation
from tests.regles.dossier_minimal import copier, ecrire

FAVORABLE: dict[str, Any] = {
    "objet": "Entretien des sentiers",
    "acheteur": {"nom": "Commune d'essai"},
    "date_lancement": "2026-09-15",
    "nature": "travaux",
    "montant_ht": 30000,
    "cpv": "45233140",
    "clauses_soc": ["Insérer."],
}
ECART_BLOQUANT = {**FAVORABLE, "montant_ht": 60000}
A_COMPLETER = {cle: valeur for cle, valeur in FAVORABLE.items() if cle != "montant_ht"}
FAUTIVE = {**FAVORABLE, "montant_htt": 3}


@pytest.fixture
def regles(tmp_path: Path) -> Path:
    return ecrire(tmp_path, copier())


def _lancer(*arguments: str, entree: bytes | None = None, largeur: int | None = None) -> Result:
    environnement = {"COLUMNS": str(largeur)} if largeur is not None else None
    resultat = CliRunner().invoke(application, list(arguments), input=entree, env=environnement)
    assert "Traceback" not in resultat.output
    assert resultat.exception is None or isinstance(resultat.exception, SystemExit), resultat.exception
    return resultat


def _ecrire_fop(tmp_path: Path, contenu: Any, nom: str = "fop.json") -> str:
    fichier = tmp_path / nom
    fichier.write_text(json.dumps(contenu, ensure_ascii=False), encoding="utf-8")
    return str(fichier)


# -------------------------------------------------------------------------------------------- codes de sortie


@pytest.mark.parametrize(
    ("fop", "code"),
    [
        (FAVORABLE, Code.FAVORABLE),
        (ECART_BLOQUANT, Code.ECART),
        (A_COMPLETER, Code.A_COMPLETER),
        (FAUTIVE, Code.ENTREE_FAUTIVE),
    ],
)
@pytest.mark.parametrize(("moteur", "forme"), [("direct", "texte"), ("durable", "json"), ("double", "json")])
def test_le_code_de_sortie_dit_le_resultat(
    fop: dict[str, Any], code: Code, moteur: str, forme: str, regles: Path, tmp_path: Path
) -> None:
    fichier = _ecrire_fop(tmp_path, fop)
    resultat = _lancer("verifier", fichier, "--regles", str(regles), "--moteur", moteur, "--format", forme)
    assert resultat.exit_code == code
    if forme == "json":
        lu = orjson.loads(resultat.stdout)
        assert "anomalies" in lu if code == Code.ENTREE_FAUTIVE else "syntheses" in lu


def test_une_panne_sort_avec_le_code_4(regles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    juger = MoteurDirect.juger

    def mentir(moteur: MoteurDirect, situation: Situation) -> Jugement:
        vrai = juger(moteur, situation)
        return Jugement(tuple(ECART if i == CONFORME else CONFORME for i in vrai.consultation), vrai.lots)

    monkeypatch.setattr(MoteurDirect, "juger", mentir)
    resultat = _lancer("verifier", _ecrire_fop(tmp_path, FAVORABLE), "--regles", str(regles))
    assert resultat.exit_code == Code.ERREUR_INTERNE
    assert "EN ERREUR" in resultat.stdout


@pytest.mark.parametrize(
    ("fops", "code"),
    [
        ((FAVORABLE, ECART_BLOQUANT), Code.ECART),
        ((FAVORABLE, A_COMPLETER), Code.A_COMPLETER),
        ((A_COMPLETER, ECART_BLOQUANT), Code.ECART),
        ((ECART_BLOQUANT, FAUTIVE, FAVORABLE), Code.ENTREE_FAUTIVE),
    ],
)
def test_de_plusieurs_fiches_le_plus_grave_l_emporte(
    fops: tuple[dict[str, Any], ...], code: Code, regles: Path, tmp_path: Path
) -> None:
    fichiers = [_ecrire_fop(tmp_path, fop, f"fop{rang}.json") for rang, fop in enumerate(fops)]
    resultat = _lancer("verifier", *fichiers, "--regles", str(regles))
    assert resultat.exit_code == code
    assert all(nom.rsplit("/", 1)[1] in resultat.stdout for nom in fichiers)


def test_l_ordre_de_gravite_des_codes_est_celui_de_la_documentation() -> None:
    assert [int(c) for c in cli.GRAVITE_DES_CODES] == [4, 3, 1, 2, 0]


# ------------------------------------------------------------------------------------------- entrées fautives


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"   ",
        b"{",
        b"[]",
        b"null",
        b'"texte"',
        b"\xff\xfe{}",
        b"{'objet': 1}",
        b'{"objet": NaN}',
        b'{"objet": "a", "objet": "b"}',
        b"[" * 5_000,
        b'{"montant_ht": 1e400}',
        b"\x00",
        b'{"objet": "x", "acheteur": {"nom": "\\ud800"}}',
    ],
    ids=range(14),
)
def test_un_json_illisible_sort_avec_le_code_3(octets: bytes, regles: Path, tmp_path: Path) -> None:
    fichier = tmp_path / "fop.json"
    fichier.write_bytes(octets)
    resultat = _lancer("verifier", str(fichier), "--regles", str(regles))
    assert resultat.exit_code == Code.ENTREE_FAUTIVE
    assert "fiche refusée" in resultat.stdout


def test_un_document_trop_grand_sort_avec_le_code_3(regles: Path, tmp_path: Path) -> None:
    fichier = tmp_path / "fop.json"
    fichier.write_bytes(b'{"objet": "' + b"x" * TAILLE_MAX_CORPS + b'"}')
    resultat = _lancer("verifier", str(fichier), "--regles", str(regles))
    assert resultat.exit_code == Code.ENTREE_FAUTIVE
    assert "octets" in resultat.stdout


def test_une_fop_fautive_dit_ses_fautes_sans_ses_valeurs(regles: Path, tmp_path: Path) -> None:
    fop = {**FAVORABLE, "cpv": 45233140, "montant_ht": "secret-1234", "procedur": "mapa"}
    resultat = _lancer("verifier", _ecrire_fop(tmp_path, fop), "--regles", str(regles))
    assert resultat.exit_code == Code.ENTREE_FAUTIVE
    assert "procedur" in resultat.stdout and "« procedure »" in resultat.stdout
    assert "secret" not in resultat.stdout and "45233140" not in resultat.stdout


def test_un_fichier_absent_sort_avec_le_code_3(regles: Path, tmp_path: Path) -> None:
    resultat = _lancer("verifier", str(tmp_path / "rien.json"), "--regles", str(regles))
    assert resultat.exit_code == Code.ENTREE_FAUTIVE
    assert "rien.json" in resultat.output and "fichier lisible" in resultat.output


def test_un_dossier_a_la_place_d_une_fiche_sort_avec_le_code_3(regles: Path, tmp_path: Path) -> None:
    assert _lancer("verifier", str(tmp_path), "--regles", str(regles)).exit_code == Code.ENTREE_FAUTIVE


def test_l_entree_standard_se_lit_par_un_tiret(regles: Path) -> None:
    octets = json.dumps(FAVORABLE).encode()
    assert _lancer("verifier", "-", "--regles", str(regles), entree=octets).exit_code == Code.FAVORABLE
    assert _lancer("verifier", "-", "--regles", str(regles), entree=b"").exit_code == Code.ENTREE_FAUTIVE


@pytest.mark.parametrize("jour", ["2026-02-30", "hier", "01/09/2026", "2026-13-01", "", "2026-9-1"])
def test_une_date_impossible_sort_avec_le_code_3(jour: str, regles: Path, tmp_path: Path) -> None:
    fichier = _ecrire_fop(tmp_path, FAVORABLE)
    resultat = _lancer("verifier", fichier, "--regles", str(regles), "--date", jour)
    assert resultat.exit_code == Code.ENTREE_FAUTIVE
    assert "AAAA-MM-JJ" in resultat.stderr


def test_une_date_simulee_change_le_droit(regles: Path, tmp_path: Path) -> None:
    fichier = _ecrire_fop(tmp_path, {**FAVORABLE, "montant_ht": 50000})
    assert _lancer("verifier", fichier, "--regles", str(regles)).exit_code == Code.FAVORABLE
    resultat = _lancer("verifier", fichier, "--regles", str(regles), "--date", "2026-03-31")
    assert resultat.exit_code == Code.ECART
    assert "(simulation)" in resultat.stdout


@pytest.mark.parametrize("commande", [["verifier", "fop.json"], ["regles", "lint"], ["regles", "cas"]])
def test_un_dossier_de_regles_absent_ou_fautif_se_dit(commande: list[str], tmp_path: Path) -> None:
    resultat = _lancer(*commande, "--regles", str(tmp_path / "rien"))
    assert resultat.exit_code in (Code.ENTREE_FAUTIVE, Code.ECART)
    contenu = copier()
    contenu["ccp/ccp-essai.yaml"]["gravite"] = "grave"
    resultat = _lancer(*commande, "--regles", str(ecrire(tmp_path, contenu)))
    assert resultat.exit_code in (Code.ENTREE_FAUTIVE, Code.ECART)
    assert "ccp-essai.yaml:" in resultat.output


@pytest.mark.parametrize(
    "arguments",
    [
        ["verifier"],
        ["verifier", "x.json", "--moteur", "magique"],
        ["verifier", "x.json", "--format", "xml"],
        ["verifier", "x.json", "--detail", "total"],
        ["regles", "rien"],
        ["rien"],
    ],
)
def test_une_commande_mal_ecrite_sort_sans_trace(arguments: list[str]) -> None:
    assert _lancer(*arguments).exit_code == 2


@pytest.mark.parametrize("arguments", [[], ["--help"], ["verifier", "--help"], ["regles", "--help"]])
def test_l_aide_est_en_francais(arguments: list[str]) -> None:
    assert "rifier" in _lancer(*arguments).output or "rôler" in _lancer(*arguments).output


# ----------------------------------------------------------------------------------------------------- sortie


def _decrire_mobilier(lots: int) -> dict[str, Any]:
    return {
        "objet": "Aménagement de bureaux et fourniture de mobilier pour le siège, avec un objet assez long pour plier",
        "acheteur": {"siret": "20004048300014"},
        "date_lancement": "2026-09-15",
        "procedure": "procedure_adaptee",
        "criteres": [{"nom": "Prix", "type": "prix", "poids": 100}],
        "clauses_env": [],
        "lots": [{"numero": n, "cpv": "39130000", "montant_ht": 30000} for n in range(1, lots + 1)],
    }


@pytest.mark.parametrize(("detail", "largeur"), [("essentiel", 40), ("essentiel", 200), ("complet", 80)])
def test_le_rapport_tient_en_quatre_vingts_colonnes_sans_couleur(detail: str, largeur: int, tmp_path: Path) -> None:
    """Sur le paquet livré, avec beaucoup à dire ; hors d'un terminal, ni séquence d'échappement ni débordement."""
    fichier = _ecrire_fop(tmp_path, _decrire_mobilier(lots=2))
    resultat = _lancer("verifier", fichier, "--detail", detail, largeur=largeur)
    assert resultat.exit_code == Code.ECART
    assert "\x1b" not in resultat.stdout
    assert [ligne for ligne in resultat.stdout.splitlines() if len(ligne) > LARGEUR] == []


def test_le_texte_dit_l_essentiel(regles: Path, tmp_path: Path) -> None:
    sortie = _lancer("verifier", _ecrire_fop(tmp_path, ECART_BLOQUANT), "--regles", str(regles)).stdout
    for attendu in ("Loi", "DÉFAVORABLE", "Engagement local", "Plan national", "CCP-ESSAI", "À faire :", "RC-ESSAI-01"):
        assert attendu in sortie
    complet = _lancer(
        "verifier", _ecrire_fop(tmp_path, ECART_BLOQUANT), "--regles", str(regles), "--detail", "complet"
    ).stdout
    assert "POURQUOI" in complet
    assert "[à compléter : service à contacter]" in " ".join(complet.split())


def test_le_json_est_celui_de_la_bibliotheque(regles: Path, tmp_path: Path) -> None:
    resultat = _lancer(
        "verifier", _ecrire_fop(tmp_path, FAVORABLE), "--regles", str(regles), "--format", "json", "--detail", "complet"
    )
    lu = orjson.loads(resultat.stdout)
    assert lu["moteur"]["nom"] == "double"
    assert lu["syntheses"]["loi"]["etat"] == "favorable"
    assert all(constat["trace"] is not None for constat in lu["constats"])


def test_l_objet_ne_peut_pas_ecrire_de_balises(regles: Path, tmp_path: Path) -> None:
    fop = {**FAVORABLE, "objet": "[bold red]Alerte[/bold red] [link=http://x]clic[/link]"}
    assert (
        "[bold red]Alerte[/bold red]" in _lancer("verifier", _ecrire_fop(tmp_path, fop), "--regles", str(regles)).stdout
    )


# ------------------------------------------------------------------------------------------ verbes des règles


def test_lint_dit_zero_faute_ou_les_liste(regles: Path, tmp_path: Path) -> None:
    resultat = _lancer("regles", "lint", "--regles", str(regles))
    assert resultat.exit_code == 0 and "aucune faute" in resultat.stdout
    contenu = copier()
    contenu["ccp/ccp-essai.yaml"]["references"][0]["url"] = None
    resultat = _lancer("regles", "lint", "--regles", str(ecrire(tmp_path, contenu)))
    assert resultat.exit_code == Code.ECART
    assert resultat.stdout.startswith("L08") and "1 faute" in resultat.stdout


def test_cas_dit_les_reussis_et_les_echoues(regles: Path, tmp_path: Path) -> None:
    resultat = _lancer("regles", "cas", "--regles", str(regles))
    assert resultat.exit_code == 0 and "25 cas réussis sur 25" in resultat.stdout
    contenu = copier()
    contenu["ccp/ccp-essai.yaml"]["cas"][0]["attendu"] = {"verdict": "ecart"}
    resultat = _lancer("regles", "cas", "--regles", str(ecrire(tmp_path, contenu)))
    assert resultat.exit_code == Code.ECART
    assert "✗ CCP-ESSAI — sous le seuil" in resultat.stdout


def test_couverture_dit_le_taux_et_ce_qui_manque(regles: Path, tmp_path: Path) -> None:
    resultat = _lancer("regles", "couverture", "--regles", str(regles))
    assert resultat.exit_code == 0 and "(100,0 %)" in resultat.stdout
    contenu = copier()
    contenu["ccp/ccp-essai.yaml"]["cas"] = contenu["ccp/ccp-essai.yaml"]["cas"][:3]
    resultat = _lancer("regles", "couverture", "--regles", str(ecrire(tmp_path, contenu)))
    assert resultat.exit_code == Code.ECART and "jamais inconnu" in resultat.stdout


@pytest.mark.parametrize("nom", ["fop", "fiche-regle"])
def test_schema_ecrit_un_json_schema(nom: str) -> None:
    resultat = _lancer("regles", "schema", nom)
    assert resultat.exit_code == 0
    assert json.loads(resultat.stdout)["$schema"].endswith("2020-12/schema")


def test_un_schema_inconnu_sort_avec_le_code_3() -> None:
    assert _lancer("regles", "schema", "rien").exit_code == Code.ENTREE_FAUTIVE


def test_expliquer_dit_question_effet_fondement_parametres_et_remede(regles: Path) -> None:
    sortie = _lancer("regles", "expliquer", "ccp-essai", "--regles", str(regles))
    assert sortie.exit_code == 0
    for attendu in (
        "CCP-ESSAI (version 1)",
        "Le marché est-il sous le seuil ?",
        "1er janvier 2025",
        "R1",
        "essai.seuil",
    ):
        assert attendu in sortie.stdout
    assert "depuis le 1er avril 2026 : 60\u00a0000\u00a0€ HT" in sortie.stdout
    datee = _lancer("regles", "expliquer", "CCP-ESSAI", "--date", "2026-03-31", "--regles", str(regles)).stdout
    assert "au 31 mars 2026 : 40\u00a0000\u00a0€ HT" in datee
    inconnue = _lancer("regles", "expliquer", "CCP-ESSAI", "--date", "2019-01-01", "--regles", str(regles)).stdout
    assert "inconnu" in inconnue


@pytest.mark.parametrize("identifiant", ["CCP-RIEN", "", "../../etc/passwd", "CCP-ESSAI@9"])
def test_expliquer_une_regle_inconnue_liste_les_connues(identifiant: str, regles: Path) -> None:
    resultat = _lancer("regles", "expliquer", identifiant, "--regles", str(regles))
    assert resultat.exit_code == Code.ENTREE_FAUTIVE
    assert "CCP-ESSAI, PNAD-ESSAI, VRA-ESSAI" in resultat.stderr


@pytest.mark.parametrize("identifiant", ["CCP-PROC-DISPENSE", "VRA-E13-SIMPL"])
def test_une_regle_livree_s_explique(identifiant: str) -> None:
    resultat = _lancer("regles", "expliquer", identifiant)
    assert resultat.exit_code == 0 and identifiant in resultat.stdout


def test_le_moteur_degrade_avertit(regles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable, "_moteur_c", None)
    fichier = _ecrire_fop(tmp_path, FAVORABLE)
    resultat = _lancer("verifier", fichier, "--regles", str(regles))
    assert resultat.exit_code == Code.FAVORABLE
    assert "durable-rules absent" in resultat.stderr
    assert "(dégradé)" in resultat.stdout
    resultat = _lancer("verifier", fichier, "--regles", str(regles), "--moteur", "durable")
    assert resultat.exit_code == Code.ENTREE_FAUTIVE


# ---------------------------------------------------------------------------------------- défauts trouvés en test


def test_la_synthese_tient_en_quatre_vingts_colonnes_avec_beaucoup_d_ecarts(tmp_path: Path) -> None:
    resultat = _lancer("verifier", _ecrire_fop(tmp_path, _decrire_mobilier(lots=5)))
    assert [ligne for ligne in resultat.stdout.splitlines() if len(ligne) > LARGEUR] == []


@pytest.mark.parametrize("jour", ["20260820", "2026-W34-4"])
def test_une_date_d_une_autre_forme_iso_est_refusee(jour: str, regles: Path, tmp_path: Path) -> None:
    fichier = _ecrire_fop(tmp_path, FAVORABLE)
    assert _lancer("verifier", fichier, "--regles", str(regles), "--date", jour).exit_code == Code.ENTREE_FAUTIVE


@pytest.mark.parametrize("jour", ["0001-01-01", "9999-12-31"])
def test_une_date_hors_des_bornes_de_la_fop_est_refusee(jour: str, regles: Path, tmp_path: Path) -> None:
    fichier = _ecrire_fop(tmp_path, FAVORABLE)
    assert _lancer("verifier", fichier, "--regles", str(regles), "--date", jour).exit_code == Code.ENTREE_FAUTIVE


def test_cas_sans_durable_rules_dit_pourquoi(regles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable, "_moteur_c", None)
    resultat = _lancer("regles", "cas", "--regles", str(regles), "--moteur", "durable")
    assert resultat.exit_code == Code.ENTREE_FAUTIVE


def test_plusieurs_fiches_en_json_font_un_seul_document(regles: Path, tmp_path: Path) -> None:
    fichiers = [_ecrire_fop(tmp_path, fop, f"{rang}.json") for rang, fop in enumerate((FAVORABLE, FAUTIVE))]
    resultat = _lancer("verifier", *fichiers, "--regles", str(regles), "--format", "json")
    orjson.loads(resultat.stdout)


def test_un_fichier_absent_en_json_rend_un_objet_json(regles: Path, tmp_path: Path) -> None:
    resultat = _lancer("verifier", str(tmp_path / "rien.json"), "--regles", str(regles), "--format", "json")
    assert "anomalies" in orjson.loads(resultat.stdout)


# ------------------------------------------------------------------------------------------------------ cache


@pytest.mark.parametrize("voulu", [True, False])
def test_la_commande_garde_les_regles_lues_ou_le_reglage_le_dit(
    voulu: bool, regles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    garde = tmp_path / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "ailleurs"))
    monkeypatch.setenv("VERIFOP_CACHE", str(garde) if voulu else "")
    monkeypatch.setattr("sys.argv", ["verifop", "regles", "lint", "--regles", str(regles)])
    for _ in range(2):
        with pytest.raises(SystemExit) as sortie:
            principal()
        assert sortie.value.code == 0
    assert "aucune faute" in capsys.readouterr().out
    assert len(list(garde.glob("regles-*.json"))) == int(voulu)
    assert not (tmp_path / "ailleurs").exists()
