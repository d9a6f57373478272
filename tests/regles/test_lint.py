"""Les règles sur les règles : chaque code a un dossier fautif d'une seule chose, qui le fait dire."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from services.regles.erreurs import Anomalie
from services.regles.lint import controler_dossier
from tests.moteurs.atelier import REGLES
from tests.regles.dossier_minimal import Contenu, copier, ecrire

_CCP, _VRA = "ccp/ccp-essai.yaml", "spaser-vra/vra-essai.yaml"
Faute = Callable[[Contenu], Any]


def _controler(tmp_path: Path, *fautes: Faute) -> list[Anomalie]:
    contenu = copier()
    for faute in fautes:
        faute(contenu)
    return controler_dossier(ecrire(tmp_path, contenu))


def _ccp(changer: Callable[[Contenu], Any]) -> Faute:
    return lambda contenu: changer(contenu["ccp/ccp-essai.yaml"])


def _vra(changer: Callable[[Contenu], Any]) -> Faute:
    return lambda contenu: changer(contenu["spaser-vra/vra-essai.yaml"])


def _pnad(changer: Callable[[Contenu], Any]) -> Faute:
    return lambda contenu: changer(contenu["pnad/pnad-essai.yaml"])


def _seuil(changer: Callable[[Contenu], Any]) -> Faute:
    return lambda contenu: changer(contenu["parametres/essai.yaml"]["essai.seuil"])


def _poser(cle: str, valeur: Any) -> Callable[[Contenu], Any]:
    def poser(fiche: Contenu) -> None:
        objet: Any = fiche
        *parents, derniere = cle.split(".")
        for parent in parents:
            objet = objet[int(parent)] if parent.isdigit() else objet[parent]
        if isinstance(objet, list):
            objet[int(derniere)] = valeur
        else:
            objet[derniere] = valeur

    return poser


def _retirer_cas(*noms: str) -> Callable[[Contenu], Any]:
    def retirer(fiche: Contenu) -> None:
        gardes = [cas for cas in fiche["cas"] if cas["nom"] not in noms]
        assert len(gardes) == len(fiche["cas"]) - len(noms)
        fiche["cas"] = gardes

    return retirer


def _renommer(avant: str, apres: str) -> Faute:
    def renommer(contenu: Contenu) -> None:
        contenu[apres] = contenu.pop(avant)

    return renommer


def _ajouter_fiche(nom: str, **changements: Any) -> Faute:
    def ajouter(contenu: Contenu) -> None:
        contenu[nom] = {**copier()["ccp/ccp-essai.yaml"], **changements}

    return ajouter


def _dater(cas: list[Contenu], jour: str) -> list[Contenu]:
    return [{**c, "fop": {**c["fop"], "date_lancement": jour}} for c in cas]


def _versions(du: str, remplace: str | None = "CCP-ESSAI@1", version: int = 2) -> Faute:
    """La version 1 s'arrête au 30 juin 2026 ; la suivante commence au jour dit."""

    def succeder(contenu: Contenu) -> None:
        contenu["ccp/ccp-essai.yaml"]["effet"] = {"du": "2025-01-01", "au": "2026-06-30"}
        contenu[f"ccp/ccp-essai-v{version}.yaml"] = {
            **copier()["ccp/ccp-essai.yaml"],
            "version": version,
            "remplace": remplace,
            "effet": {"du": du},
        }

    return succeder


def _orpheline(contenu: Contenu) -> None:
    contenu["ccp/ccp-essai-v2.yaml"] = {**contenu.pop("ccp/ccp-essai.yaml"), "version": 2}


FAUTES: tuple[tuple[str, str, Faute], ...] = (
    ("L01", "fichier mal nommé", _renommer("ccp/ccp-essai.yaml", "ccp/essai.yaml")),
    ("L01", "mauvais dossier", _renommer("ccp/ccp-essai.yaml", "agec/ccp-essai.yaml")),
    ("L01", "version 2 sans suffixe", _ccp(lambda f: f.update(version=2, remplace="CCP-ESSAI@1"))),
    ("L02", "identifiant pris", _ajouter_fiche("ccp/ccp-autre.yaml")),
    (
        "L02",
        "clé de paramètre prise",
        lambda c: c.update({"parametres/zz.yaml": copier()["parametres/essai.yaml"]}),
    ),
    ("L02", "clause prise", lambda c: c.update({"clauses/zz.yaml": copier()["clauses/rc.yaml"]})),
    ("L03", "version 2 orpheline", _orpheline),
    ("L03", "un jour de trou", _versions("2026-07-02")),
    ("L03", "un jour de recouvrement", _versions("2026-06-30")),
    ("L03", "remplace la mauvaise version", _versions("2026-07-01", remplace="CCP-ESSAI@3")),
    ("L03", "ne dit pas ce qu'elle remplace", _versions("2026-07-01", remplace=None)),
    ("L04", "donnée inconnue", _ccp(_poser("exige", {"fait": "montant_htt", "moins_de": 10}))),
    ("L04", "opérateur d'un autre genre", _ccp(_poser("exige", {"fait": "nature", "moins_de": 10}))),
    ("L04", "valeur hors liste", _ccp(_poser("applicable_si.egal", "travau"))),
    ("L04", "famille CPV inconnue", _vra(_poser("applicable_si.commence_par.referentiel", "familles_agec.jouet"))),
    ("L04", "date de référence qui n'en est pas une", _ccp(_poser("effet.date_de_reference", ["montant_ht"]))),
    ("L05", "paramètre inconnu", _ccp(_poser("parametres.seuil", "essai.seui"))),
    ("L05", "alias non déclaré", _ccp(_poser("exige.moins_de", {"parametre": "plafond"}))),
    ("L05", "paramètre né après la règle", _ccp(_poser("effet.du", "2019-01-01"))),
    ("L06", "clause inconnue", _ccp(_poser("remede.clauses", ["RC-ESSAI-02"]))),
    ("L07", "variable non lue par la règle", _ccp(_poser("messages.ecart", "Durée {{ duree_mois | nombre }}."))),
    ("L07", "filtre inconnu", _ccp(_poser("messages.ecart", "Montant {{ montant_ht | francs }}."))),
    ("L08", "loi sans lien", _ccp(_poser("references.0.url", None))),
    ("L08", "SPASER sans pièce", _vra(_poser("references.0.piece", None))),
    ("L08", "aucun fondement", _ccp(_poser("references.0.role", "interpretation"))),
    ("L09", "aucun cas conforme", _ccp(_retirer_cas("sous le seuil", "un centime dessous", "jour d'effet"))),
    ("L09", "aucun écart", _ccp(_retirer_cas("au seuil", "exception non motivée"))),
    ("L09", "aucune alerte", _pnad(_retirer_cas("rien"))),
    ("L09", "aucun indéterminé", _pnad(_retirer_cas("inconnu"))),
    ("L09", "aucune dérogation", _ccp(_retirer_cas("exception motivée"))),
    ("L09", "pas de veille d'effet", _ccp(_retirer_cas("veille d'effet"))),
    ("L09", "pas de jour d'effet", _ccp(_retirer_cas("jour d'effet"))),
    ("L09", "pas de dernier jour", _vra(_retirer_cas("dernier jour"))),
    ("L09", "pas de lendemain du terme", _vra(_retirer_cas("lendemain du terme"))),
    (
        "L09",
        "seuil jamais touché",
        lambda c: [
            cas["fop"].update(montant_ht=60001)
            for cas in c["ccp/ccp-essai.yaml"]["cas"]
            if cas["fop"]["montant_ht"] == 60000
        ],
    ),
    ("L10", "contrôle jamais inconnu", _ccp(_retirer_cas("nature inconnue"))),
    ("L10", "contrôle jamais faux", _ccp(_retirer_cas("services"))),
    ("L10", "contrôle jamais vrai", _pnad(_retirer_cas("objet d'insertion"))),
    ("L11", "engagement local bloquant", _vra(_poser("gravite", "bloquant"))),
    ("L11", "engagement local dit obligation", _vra(_poser("nature", "obligation"))),
    ("L11", "recommandation dite obligation", _pnad(_poser("nature", "obligation"))),
    (
        "L11",
        "message pris à la loi",
        lambda c: [c[nom]["messages"].update(conforme="Tout est en ordre.") for nom in (_CCP, _VRA)],
    ),
    ("L12", "parution trop ancienne", _seuil(_poser("valeurs.0.parution", "2009-12-30"))),
    ("L12", "parution trop tardive", _seuil(_poser("valeurs.0.parution", "2021-01-02"))),
    ("L13", "sources lues il y a trop longtemps", _ccp(_poser("verifie_le", "2025-11-01"))),
    ("L13", "sources lues dans l'avenir", _ccp(_poser("verifie_le", "2026-11-22"))),
    ("L13", "paramètre lu il y a trop longtemps", _seuil(_poser("verifie_le", "2025-11-01"))),
    ("L13", "obligation de confiance basse", _ccp(_poser("confiance", "basse"))),
    (
        "L14",
        "exigence contraire",
        _ajouter_fiche(
            "ccp/ccp-contraire.yaml",
            id="CCP-CONTRAIRE",
            applicable_si={"fait": "nature", "parmi": ["travaux", "services"]},
            exige={"toutes": [{"fait": "nature", "egal": "services"}, {"fait": "nature", "egal": "travaux"}]},
        ),
    ),
    (
        "L15",
        "phrase de clause dans un message",
        _ccp(_poser("messages.conforme", "Il faut trier les gravats sur place et tenir le registre des déchets.")),
    ),
    (
        "L15",
        "phrase de clause dans l'action",
        _ccp(_poser("remede.action", "Trier les gravats sur place et tenir le registre des déchets.")),
    ),
    ("L16", "message sans point", _ccp(_poser("messages.conforme", "Tout va bien"))),
    ("L16", "message d'écart absent", _vra(lambda f: f["messages"].pop("ecart"))),
    ("L16", "message d'alerte absent", _pnad(lambda f: f["messages"].pop("alerte"))),
    ("L16", "dérogation sans message", _ccp(lambda f: f["messages"].pop("derogation_incomplete"))),
    ("L16", "message d'un verdict impossible", _pnad(_poser("messages.ecart", "Écart."))),
    (
        "L17",
        "règle qu'aucun cas n'atteint",
        _ccp(lambda f: f.update(cas=[c for c in f["cas"] if c["nom"] in ("services", "veille d'effet")])),
    ),
)


def test_le_dossier_livre_n_a_aucune_faute() -> None:
    assert [str(faute) for faute in controler_dossier(REGLES)] == []


def test_le_dossier_minimal_n_a_aucune_faute(tmp_path: Path) -> None:
    assert [str(faute) for faute in _controler(tmp_path)] == []


ENTRAINES: dict[str, set[str]] = {
    "L05": {"L09", "L10", "L16"},
    "L14": {"L07", "L09", "L10", "L17"},
    "L17": {"L09", "L10"},
}
"""Ce qu'une faute entraîne d'autre : des cas (L09, L10) ou des messages (L16) qui manquent alors, rien d'étranger."""


@pytest.mark.parametrize(("code", "faute"), [(f[0], f[2]) for f in FAUTES], ids=[f"{f[0]} {f[1]}" for f in FAUTES])
def test_une_seule_chose_fautive_fait_dire_son_code_et_lui_seul(code: str, faute: Faute, tmp_path: Path) -> None:
    trouvees = _controler(tmp_path, faute)
    codes = {anomalie.code for anomalie in trouvees}
    assert code in codes, [str(a) for a in trouvees]
    assert codes - {code} <= ENTRAINES.get(code, {"L09", "L10", "L16"}), [str(a) for a in trouvees]
    for anomalie in trouvees:
        assert anomalie.fichier is not None and anomalie.fichier.startswith("regles/")
        assert anomalie.ligne is not None and anomalie.ligne >= 1
        assert anomalie.correction


def test_chaque_code_de_l01_a_l17_a_son_cas() -> None:
    assert {faute[0] for faute in FAUTES} == {f"L{rang:02}" for rang in range(1, 18)}


def test_deux_versions_jointives_d_une_regle_sont_admises(tmp_path: Path) -> None:
    def joindre(contenu: Contenu) -> None:
        _versions("2026-07-01")(contenu)
        premiere, seconde = contenu["ccp/ccp-essai.yaml"], contenu["ccp/ccp-essai-v2.yaml"]
        premiere["cas"] = [
            *_dater(
                [c for c in premiere["cas"] if "effet" not in c["nom"] and c["nom"] != "aucune date"], "2026-06-30"
            ),
            *[c for c in premiere["cas"] if "effet" in c["nom"]],
            *_dater([premiere["cas"][0]], "2026-07-01"),
        ]
        premiere["cas"][-1]["attendu"] = {"verdict": "hors_periode"}
        seconde["cas"] = [
            c for c in seconde["cas"] if c["nom"] not in ("veille d'effet", "jour d'effet", "aucune date")
        ] + [
            {**c, "attendu": {"verdict": verdict}, "nom": jour}
            for jour, verdict in (("2026-06-30", "hors_periode"), ("2026-07-01", "conforme"))
            for c in _dater([seconde["cas"][0]], jour)
        ]

    assert [str(faute) for faute in _controler(tmp_path, joindre)] == []


def test_un_brouillon_n_est_pas_tenu_d_avoir_ete_relu(tmp_path: Path) -> None:
    trouvees = _controler(tmp_path, _ccp(lambda f: f.update(statut="brouillon", verifie_le="2020-01-01")))
    assert [str(a) for a in trouvees] == []


def test_une_parution_absente_n_est_pas_une_faute(tmp_path: Path) -> None:
    assert _controler(tmp_path, _seuil(_poser("valeurs.0.parution", None))) == []


@pytest.mark.parametrize("parution", ["2009-12-31", "2021-01-01", "2020-01-01"])
def test_une_parution_dans_la_fenetre_est_admise(parution: str, tmp_path: Path) -> None:
    assert _controler(tmp_path, _seuil(_poser("valeurs.0.parution", parution))) == []


def test_un_dossier_qui_ne_se_charge_pas_rend_ses_fautes_de_chargement(tmp_path: Path) -> None:
    trouvees = _controler(tmp_path, _ccp(lambda f: f.pop("exige")), _vra(_poser("gravite", "bloquant")))
    assert {a.code for a in trouvees} == {"obligatoire"}


# ---------------------------------------------------------------------------------------- défauts trouvés en test


def test_un_filtre_qui_ne_convient_pas_a_la_donnee_est_une_faute(tmp_path: Path) -> None:
    """À l'exécution, ce message fait tomber toute la vérification (voir test_messages)."""
    trouvees = _controler(tmp_path, _ccp(_poser("messages.ecart", "Nature {{ nature | euros }}.")))
    assert "L07" in {a.code for a in trouvees}


def test_une_donnee_declaree_mais_inconnue_est_une_faute(tmp_path: Path) -> None:
    faute = _pnad(_poser("donnees", {"objet_insertio": {"si_absent": {"supposer": False}}}))
    assert "L04" in {a.code for a in _controler(tmp_path, faute)}


def test_une_regle_bloquante_conforme_par_supposition_seule_est_une_faute(tmp_path: Path) -> None:
    faute = _ccp(
        lambda f: f.update(
            donnees={"innovant": {"si_absent": {"supposer": True}}},
            exige={"une_de": [f["exige"], {"fait": "innovant", "egal": True}]},
        )
    )
    trouvees = {a.code for a in _controler(tmp_path, faute)} - {"L09", "L10"}
    assert trouvees


def test_une_clause_qui_va_avec_une_clause_inconnue_est_une_faute(tmp_path: Path) -> None:
    faute = lambda c: c["clauses/rc.yaml"]["RC-ESSAI-01"].update(va_avec=["RC-RIEN-01"])  # noqa: E731
    assert "L06" in {a.code for a in _controler(tmp_path, faute)}


@pytest.mark.parametrize("trou", [{"libelle": "x", "fait": "montant_htt"}, {"libelle": "x", "parametre": "essai.rien"}])
def test_un_trou_qui_lit_une_donnee_inconnue_est_une_faute(trou: Contenu, tmp_path: Path) -> None:
    faute = lambda c: c["clauses/rc.yaml"]["RC-ESSAI-01"]["trous"].update(contact=trou)  # noqa: E731
    assert _controler(tmp_path, faute) != []


@pytest.mark.parametrize("cle", ["type", "qualite", "spaser"])
def test_un_acheteur_de_valeur_inconnue_est_une_faute(cle: str, tmp_path: Path) -> None:
    faute = lambda c: c["referentiels/acheteurs.yaml"]["agglo"].update({cle: "epsi"})  # noqa: E731
    assert _controler(tmp_path, faute) != []


def test_une_fin_au_31_decembre_9999_ne_fait_pas_tomber_le_lint(tmp_path: Path) -> None:
    _controler(tmp_path, _vra(_poser("effet.au", "9999-12-31")))


def test_un_cas_dont_l_acheteur_est_un_texte_est_une_faute_dite(tmp_path: Path) -> None:
    trouvees = _controler(tmp_path, _ccp(lambda f: f["cas"][0]["fop"].update(acheteur="Agglo")))
    assert isinstance(trouvees, list)


def test_une_fiche_enregistree_en_yml_est_une_faute(tmp_path: Path) -> None:
    assert _controler(tmp_path, _renommer("ccp/ccp-essai.yaml", "ccp/ccp-essai.yml")) != []


def test_un_seuil_sans_cas_au_centime_de_part_et_d_autre_est_une_faute(tmp_path: Path) -> None:
    assert "L09" in {a.code for a in _controler(tmp_path, _ccp(_retirer_cas("un centime dessous")))}
