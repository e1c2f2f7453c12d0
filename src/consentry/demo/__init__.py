"""The sample world: an accounting product, two third-party apps and the people who use them."""
