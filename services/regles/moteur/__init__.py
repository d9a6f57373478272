"""Le moteur : deux traductions indépendantes du même arbre, comparées l'une à l'autre."""
