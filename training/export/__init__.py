"""The TensorFlow.js graph, the manifest and the probes: the bundle."""
