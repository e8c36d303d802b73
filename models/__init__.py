"""From text to plan: vocabulary, mask, decoding, data and training; knows no adapter."""
