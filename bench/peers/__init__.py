"""The same work and the same ten faults for credit-bot and for two scripts of the kind people write instead."""
