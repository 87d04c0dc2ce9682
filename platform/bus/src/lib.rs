//! Events, delivered at least once, in order per source.
