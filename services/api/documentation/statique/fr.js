"use strict";

// Swagger UI n'a pas de traduction : on remplace ses libellés quand ils s'affichent, à texte exact seulement. Ce que
// l'API décrit elle-même (descriptions, exemples, réponses) est déjà en français et n'est jamais touché.
(() => {
  const TEXTES = new Map(Object.entries({
    "[Modified value]": "[valeur modifiée]",
    "path": "chemin",
    "query": "adresse",
    "Additional properties": "Autres clés",
    "All of": "Toutes ces formes",
    "Any of": "L'une de ces formes",
    "array": "liste",
    "Available authorizations": "Authentifications possibles",
    "boolean": "booléen",
    "Cancel": "Annuler",
    "Clear": "Effacer la réponse",
    "Close": "Fermer",
    "Collapse all": "Tout replier",
    "Controls": "Choisit l'entête",
    "Could not render": "Affichage impossible :",
    "Curl": "Commande curl",
    "Default": "Par défaut",
    "Deep collapse": "Tout replier",
    "Deep expand": "Tout déplier",
    "Details": "Détail",
    "Download": "Télécharger",
    "Download file": "Télécharger le fichier",
    "Edit Value": "Corps à envoyer",
    "Enum": "Valeurs",
    "Enum:": "Valeurs :",
    "Errors": "Erreurs",
    "Example Description": "Description de l'exemple",
    "Example Value": "Exemple",
    "Examples": "Exemples",
    "Examples:": "Exemples :",
    "Execute": "Exécuter",
    "Expand all": "Tout déplier",
    "Failed to fetch.": "Le serveur n'a pas répondu.",
    "Failed to load API definition.": "La description de l'API n'a pas pu être chargée.",
    "header.": ".",
    "Headers:": "Entêtes :",
    "Hide": "Masquer",
    "integer": "entier",
    "Items": "Éléments",
    "Link": "Lien",
    "Links": "Liens",
    "Loading": "Chargement",
    "Media type": "Type de contenu",
    "Name": "Nom",
    "Network Failure": "Panne du réseau",
    "No links": "Aucun lien",
    "No parameters": "Aucun paramètre",
    "number": "nombre",
    "One of": "L'une de ces formes",
    "Parameters": "Paramètres",
    "Please correct the following validation errors and try again.": "Corriger ces erreurs, puis recommencer.",
    "Possible Reasons:": "Raisons possibles :",
    "Request body": "Corps de la requête",
    "Request duration": "Durée de la requête",
    "Request URL": "Adresse appelée",
    "required": "obligatoire",
    "Reset": "Revenir à l'exemple",
    "Response body": "Corps de la réponse",
    "Response content type": "Type de contenu de la réponse",
    "Response headers": "Entêtes de la réponse",
    "Responses": "Réponses",
    "Schema": "Schéma",
    "Schemas": "Schémas",
    "Send empty value": "Envoyer une valeur vide",
    "Server response": "Réponse du serveur",
    "Servers": "Serveurs",
    "Show": "Afficher",
    "string": "texte",
    "Try it out": "Essayer",
    "Type": "Genre",
    "Undocumented": "Réponse non décrite",
  }));
  // Le vocabulaire des schémas se compose (« array<object> », « [1, 200] items ») : mot à mot, et là seulement.
  const MOTS = {
    any: "libre",
    array: "liste",
    boolean: "booléen",
    characters: "caractères",
    integer: "entier",
    items: "éléments",
    null: "absent",
    number: "nombre",
    object: "objet",
    string: "texte",
  };
  const UN_MOT = new RegExp(`\\b(${Object.keys(MOTS).join("|")})\\b`, "g");
  const VOCABULAIRE = ".json-schema-2020-12__attribute, .json-schema-2020-12__constraint";
  const CHAMP_VIDE = /^For '(.+)': Required field is not provided\.$/;
  const BULLES = new Map(Object.entries({
    "Collapse operation": "Replier l'opération",
    "Copy to clipboard": "Copier",
    "Expand operation": "Déplier l'opération",
    "Media Type": "Type de contenu",
    "Request content type": "Type de contenu de la requête",
    "Response content type": "Type de contenu de la réponse",
  }));
  const ATTRIBUTS = ["aria-label", "placeholder", "title"];
  const INTOUCHABLES = "code, pre, textarea, .markdown, .renderedMarkdown, .opblock-summary-description, select.examples-select__select";

  function traduire(lu, parent) {
    if (parent.closest(VOCABULAIRE)) {
      return lu.startsWith("matches ") ? lu.replace("matches", "de la forme") : lu.replace(UN_MOT, (mot) => MOTS[mot]);
    }
    return TEXTES.get(lu) ?? lu.replace(CHAMP_VIDE, "« $1 » : champ obligatoire non rempli.");
  }

  function traduireTexte(noeud) {
    const parent = noeud.parentElement;
    if (!parent || parent.closest(INTOUCHABLES)) return;
    const lu = noeud.nodeValue.trim();
    const traduit = traduire(lu, parent);
    // Réécrire un texte inchangé rappellerait l'observateur sans fin.
    if (traduit !== lu) noeud.nodeValue = noeud.nodeValue.replace(lu, () => traduit);
  }

  function traduireAttributs(element) {
    for (const nom of ATTRIBUTS) {
      const traduit = BULLES.get(element.getAttribute(nom));
      if (traduit !== undefined) element.setAttribute(nom, traduit);
    }
  }

  function traduireTout(racine) {
    traduireAttributs(racine);
    const marche = document.createTreeWalker(racine, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
    while (marche.nextNode()) {
      const noeud = marche.currentNode;
      if (noeud.nodeType === Node.TEXT_NODE) traduireTexte(noeud);
      else traduireAttributs(noeud);
    }
  }

  function traduireChangements(changements) {
    for (const changement of changements) {
      if (changement.type === "characterData") traduireTexte(changement.target);
      else if (changement.type === "attributes") traduireAttributs(changement.target);
      else for (const ajoute of changement.addedNodes) {
        if (ajoute.nodeType === Node.TEXT_NODE) traduireTexte(ajoute);
        else if (ajoute.nodeType === Node.ELEMENT_NODE) traduireTout(ajoute);
      }
    }
  }

  new MutationObserver(traduireChangements).observe(document.body, {
    attributeFilter: ATTRIBUTS,
    attributes: true,
    characterData: true,
    childList: true,
    subtree: true,
  });
  traduireTout(document.body);
})();
