"""A pair for a web page: models as ONNX files that a browser runs, exported at build time."""
