"""What tests share: fakes that implement the product's protocols, and real processes."""
