"""How well a tagger does on labelled documents: figures, confusions and the sentences that went worst."""
