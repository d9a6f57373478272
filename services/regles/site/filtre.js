// Filtre les lignes de règles, les clauses ou les paramètres de la page ; sans script, tout reste visible.
"use strict";

const champ = document.getElementById("filtre");
const compte = document.getElementById("trouves");
const elements = [...document.querySelectorAll("section.cherchable, tbody tr")].filter(
  (element) => element.matches("section.cherchable") || !element.closest("section.cherchable")
);
const simplifier = (texte) => texte.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
const textes = elements.map((element) => simplifier(element.textContent));

champ.addEventListener("input", () => {
  const mots = simplifier(champ.value).split(/\s+/).filter(Boolean);
  let visibles = 0;
  elements.forEach((element, rang) => {
    element.hidden = !mots.every((mot) => textes[rang].includes(mot));
    visibles += element.hidden ? 0 : 1;
  });
  for (const table of document.querySelectorAll("main > section")) {
    if (!table.matches(".cherchable")) table.hidden = !table.querySelector("tbody tr:not([hidden])");
  }
  compte.textContent = mots.length ? `${visibles} trouvé${visibles > 1 ? "s" : ""}` : "";
});
