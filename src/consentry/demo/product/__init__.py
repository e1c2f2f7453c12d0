"""The sample product: an accounting API with data of its own, guarded by whatever it is given."""

from consentry.demo.product.api import build_product
from consentry.demo.product.seed import seed

__all__ = ["build_product", "seed"]
